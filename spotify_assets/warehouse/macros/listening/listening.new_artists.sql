-- How many artists were heard for the first time, and how much of what counted was theirs, month by
-- month.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
-- An artist is new in the month of the first counted play of any of their recordings. Artists are
-- known by their name.
CREATE OR REPLACE MACRO listening.new_artists(from_date, to_date) AS TABLE
WITH first_heard AS (
    SELECT
        item.artist_name,
        date_trunc('month', listening.local_time(min(play.ended_at)))::DATE AS month
    FROM star.fact_play AS play
    JOIN star.dim_item AS item USING (item_key)
    WHERE play.is_first_play AND item.artist_name IS NOT NULL
    GROUP BY item.artist_name
), by_day AS (
    SELECT local_at::DATE AS day, item_key, count(*) AS plays
    FROM listening.local_plays_between(from_date, to_date)
    GROUP BY ALL
), by_month AS (
    SELECT
        date_trunc('month', by_day.day)::DATE AS month,
        count(DISTINCT item.artist_name) AS artists,
        count(DISTINCT item.artist_name) FILTER (
            WHERE first_heard.month = date_trunc('month', by_day.day)
        ) AS artists_new,
        sum(by_day.plays)::BIGINT AS plays,
        coalesce(
            sum(by_day.plays) FILTER (WHERE first_heard.month = date_trunc('month', by_day.day)), 0
        )::BIGINT AS plays_of_new
    FROM by_day
    JOIN star.dim_item AS item USING (item_key)
    LEFT JOIN first_heard USING (artist_name)
    GROUP BY ALL
)
SELECT
    known.month,
    coalesce(by_month.artists_new, 0) AS artists_new,
    coalesce(by_month.artists, 0) AS artists,
    coalesce(by_month.plays_of_new, 0) AS plays_of_new,
    coalesce(by_month.plays, 0) AS plays,
    by_month.plays_of_new / by_month.plays AS share_new,
    known.* EXCLUDE (month)
FROM listening.coverage_by_month(from_date, to_date) AS known
LEFT JOIN by_month USING (month)
ORDER BY known.month
