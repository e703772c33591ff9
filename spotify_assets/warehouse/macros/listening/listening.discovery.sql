-- How much of what counted was new, and how much old favourites, month by month.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
-- New is the first counted play of a recording; an old favourite's was over a year before.
CREATE OR REPLACE MACRO listening.discovery(from_date, to_date) AS TABLE
WITH by_day AS (
    -- By day first: a date is had from a time at less cost than a month.
    SELECT
        play.local_at::DATE AS day,
        count(*) AS plays,
        count(*) FILTER (WHERE play.is_first_play) AS first_plays,
        count(*) FILTER (WHERE play.ended_at > play.first_at + INTERVAL 1 YEAR) AS old_plays
    FROM listening.local_plays_between(from_date, to_date) AS play
    GROUP BY ALL
), by_month AS (
    SELECT
        date_trunc('month', day)::DATE AS month,
        sum(plays)::BIGINT AS plays,
        sum(first_plays)::BIGINT AS first_plays,
        sum(old_plays)::BIGINT AS old_plays
    FROM by_day
    GROUP BY ALL
)
SELECT
    known.month,
    coalesce(by_month.first_plays, 0) AS first_plays,
    coalesce(by_month.plays, 0) AS plays,
    by_month.first_plays / by_month.plays AS share_new,
    by_month.old_plays / by_month.plays AS share_old_favourites,
    known.* EXCLUDE (month)
FROM listening.coverage_by_month(from_date, to_date) AS known
LEFT JOIN by_month USING (month)
ORDER BY known.month
