-- How much of the music that was begun was heard to its end, month by month.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
-- To its end: Spotify says that the track was done, whatever part of it was skipped over before. The
-- share is of the plays of which an export says why they ended.
CREATE OR REPLACE MACRO listening.completion_rate(from_date, to_date) AS TABLE
WITH by_day AS (
    SELECT
        local_at::DATE AS day,
        count(*) AS begun,
        count(reason_end) AS end_known,
        count(*) FILTER (WHERE reason_end = 'trackdone') AS completed
    FROM listening.local_plays_between(
        from_date, to_date, classes := ['counted', 'short', 'skipped']
    )
    GROUP BY ALL
), by_month AS (
    SELECT
        date_trunc('month', day)::DATE AS month,
        sum(begun)::BIGINT AS begun,
        sum(end_known)::BIGINT AS end_known,
        sum(completed)::BIGINT AS completed
    FROM by_day
    GROUP BY ALL
)
SELECT
    known.month,
    coalesce(by_month.begun, 0) AS begun,
    coalesce(by_month.end_known, 0) AS end_known,
    coalesce(by_month.completed, 0) AS completed,
    by_month.completed / nullif(by_month.end_known, 0) AS share,
    known.* EXCLUDE (month)
FROM listening.coverage_by_month(from_date, to_date) AS known
LEFT JOIN by_month USING (month)
ORDER BY known.month
