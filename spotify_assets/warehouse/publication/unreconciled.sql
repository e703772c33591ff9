-- Objects that are not accounted for, from what was received to the facts; no rows if all is well.
-- Grain: one table of a genre-day of `looked_at` whose account does not add up.
WITH counted AS (
    SELECT genre, date, 'tracks' AS table_name, count(*) AS stored
    FROM processed.tracks SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
    UNION ALL
    SELECT genre, date, 'artists', count(*)
    FROM processed.artists SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
    UNION ALL
    SELECT genre, date, 'albums', count(*)
    FROM processed.albums SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
    UNION ALL
    SELECT genre, date, 'track_artists', count(*)
    FROM processed.track_artists SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
    UNION ALL
    SELECT genre, date, 'search_results', count(*)
    FROM processed.search_results SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
), facts AS (
    SELECT genre, date, 'tracks' AS table_name, count(*) AS facts
    FROM star.fact_track_daily SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
    UNION ALL
    SELECT genre, date, 'artists', count(*)
    FROM star.fact_artist_daily SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
), aside AS (
    SELECT genre, date, table_name, count(*) AS set_aside
    FROM quarantine.rows SEMI JOIN looked_at USING (genre, date) GROUP BY ALL
)
SELECT genre, date, table_name, received, kept, duplicate, quarantined, stored, set_aside, facts
FROM processed.reconciliation
SEMI JOIN looked_at USING (genre, date)
LEFT JOIN counted USING (genre, date, table_name)
LEFT JOIN facts USING (genre, date, table_name)
LEFT JOIN aside USING (genre, date, table_name)
WHERE received <> kept + duplicate + quarantined
    OR kept <> coalesce(stored, 0)
    OR quarantined <> coalesce(set_aside, 0)
    OR (table_name IN ('tracks', 'artists') AND kept <> coalesce(facts, 0))
ORDER BY genre, date, table_name
