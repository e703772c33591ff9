-- How much was played in a year: the measures of listening.year_in_review that are numbers.
-- Grain: one row. Parameter: the year.
CREATE OR REPLACE MACRO listening.year_totals(year) AS TABLE
WITH per_item AS (
    SELECT
        item_key,
        count(*) AS plays,
        sum(ms_played) AS ms_played,
        count(*) FILTER (WHERE is_first_play) AS discovered
    FROM listening.plays_between(make_date(year, 1, 1), make_date(year, 12, 31))
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
