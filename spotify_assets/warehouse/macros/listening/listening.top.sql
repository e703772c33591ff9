-- The first of a ranking, held against the window of the same length just before.
-- Grain: one rank. Parameters: 'track', 'artist' or 'album'; local days, both inclusive; how many
-- ranks; the classes of plays; what is ranked by: 'plays' or 'time'.
-- Status: new (never played before), up, down, same, re-entry (played before, but not in the
-- window before). The coverage is that of the window; the window before has its own days.
CREATE OR REPLACE MACRO listening.top(
    what, from_date, to_date, n := 50, classes := ['counted'], ranked_by := 'plays', min_seconds := 30
) AS TABLE
WITH ranked AS MATERIALIZED (
    SELECT now.*, before.rank AS previous_rank
    FROM listening.ranking(
        what, from_date, to_date, classes := classes, ranked_by := ranked_by,
        min_seconds := min_seconds
    ) AS now
    LEFT JOIN listening.ranking(
        what,
        listening.previous_from(from_date, to_date),
        from_date::DATE - 1,
        classes := classes,
        ranked_by := ranked_by,
        min_seconds := min_seconds
    ) AS before USING (key)
    WHERE now.rank <= n
), played_earlier AS (
    SELECT DISTINCT unranked.key
    FROM (FROM ranked WHERE previous_rank IS NULL) AS unranked
    JOIN star.dim_item AS item
        ON listening.ranking_key(what, item.recording, item.artist_name, item.album_name) = unranked.key
    JOIN star.fact_play AS play USING (item_key)
    WHERE
        play.ended_at < listening.day_start(listening.previous_from(from_date, to_date))
        AND list_contains(
            classes,
            listening.play_class(
                item.kind, play.ms_played, play.is_skipped, play.reason_end, play.is_incognito,
                min_seconds := min_seconds
            )
        )
)
SELECT
    ranked.rank,
    ranked.name,
    ranked.artist,
    ranked.plays,
    ranked.ms_played,
    ranked.previous_rank,
    ranked.previous_rank - ranked.rank AS movement,
    CASE
        WHEN ranked.previous_rank > ranked.rank THEN 'up'
        WHEN ranked.previous_rank < ranked.rank THEN 'down'
        WHEN ranked.previous_rank = ranked.rank THEN 'same'
        WHEN played_earlier.key IS NULL THEN 'new'
        ELSE 're-entry'
    END AS status,
    known.*
FROM ranked
LEFT JOIN played_earlier USING (key)
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
ORDER BY ranked.rank
