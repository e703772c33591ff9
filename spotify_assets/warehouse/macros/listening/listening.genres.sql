-- The genres of what was played, as far as the catalog knows them.
-- Grain: one genre; null: the plays of which no genre is known. Parameters: local days, both
-- inclusive; the classes of plays.
-- A track is of the genres in which the catalog found it; else of those in which it found an artist
-- of its artist's name. A play counts in each of its genres, so shares can add up to more than 1.
-- `share_known` is the share of the plays of which some genre is known.
CREATE OR REPLACE MACRO listening.genres(
    from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
WITH per_item AS MATERIALIZED (
    SELECT
        item.item_key,
        item.track_id,
        item.artist_name,
        count(*) AS plays,
        coalesce(sum(play.ms_played), 0)::BIGINT AS ms_played
    FROM listening.plays_between(
        from_date, to_date, classes := classes, min_seconds := min_seconds
    ) AS play
    JOIN star.dim_item AS item USING (item_key)
    GROUP BY ALL
), by_track AS (
    SELECT DISTINCT per_item.item_key, found.genre
    FROM per_item
    JOIN star.fact_track_daily AS found USING (track_id)
), by_artist AS (
    SELECT DISTINCT unfound.item_key, found.genre
    FROM (FROM per_item ANTI JOIN by_track USING (item_key)) AS unfound
    JOIN star.dim_artist AS artist ON artist.name = unfound.artist_name
    JOIN star.fact_artist_daily AS found USING (artist_id)
), genre_of AS (
    FROM by_track
    UNION ALL
    FROM by_artist
), totals AS (
    SELECT
        sum(plays) AS plays,
        sum(plays) FILTER (WHERE item_key IN (SELECT item_key FROM genre_of)) AS known
    FROM per_item
), summed AS (
    SELECT
        genre_of.genre,
        sum(per_item.plays)::BIGINT AS plays,
        sum(per_item.ms_played)::BIGINT AS ms_played
    FROM per_item
    LEFT JOIN genre_of USING (item_key)
    GROUP BY genre_of.genre
)
SELECT
    summed.genre,
    summed.plays,
    summed.ms_played,
    summed.plays / totals.plays AS share,
    coalesce(totals.known, 0) / totals.plays AS share_known,
    known.*
FROM summed
CROSS JOIN totals
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
ORDER BY summed.plays DESC, summed.genre
