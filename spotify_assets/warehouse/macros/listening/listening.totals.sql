-- How much was played in a window, of how many tracks and artists, and how many plays were the first
-- of their recording.
-- Grain: one row. Parameters: local days, both inclusive.
CREATE OR REPLACE MACRO listening.totals(from_date, to_date) AS TABLE
WITH per_item AS (
    SELECT
        item_key,
        count(*) AS plays,
        sum(ms_played) AS ms_played,
        count(*) FILTER (WHERE is_first_play) AS discovered
    FROM listening.plays_between(from_date, to_date)
    GROUP BY item_key
)
SELECT
    coalesce(sum(per_item.plays), 0)::BIGINT AS plays,
    round(coalesce(sum(per_item.ms_played), 0) / 60000, 1) AS minutes,
    count(DISTINCT item.recording) AS tracks,
    count(DISTINCT item.artist_name) AS artists,
    coalesce(sum(per_item.discovered), 0)::BIGINT AS discovered
FROM per_item
JOIN star.dim_item AS item USING (item_key)
