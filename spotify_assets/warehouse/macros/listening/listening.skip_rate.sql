-- How much of the music that was begun was skipped, after however long, month by month.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
-- The share is of the plays whose end is known: account data and the API say nothing of it.
CREATE OR REPLACE MACRO listening.skip_rate(from_date, to_date) AS TABLE
WITH by_day AS (
    SELECT
        local_at::DATE AS day,
        count(*) AS begun,
        count(*) FILTER (WHERE reason_end IS NOT NULL OR is_skipped IS NOT NULL) AS end_known,
        count(*) FILTER (WHERE listening.is_skip(is_skipped, reason_end)) AS skipped
    FROM listening.local_plays_between(
        from_date, to_date, classes := ['counted', 'short', 'skipped']
    )
    GROUP BY ALL
), by_month AS (
    SELECT
        date_trunc('month', day)::DATE AS month,
        sum(begun)::BIGINT AS begun,
        sum(end_known)::BIGINT AS end_known,
        sum(skipped)::BIGINT AS skipped
    FROM by_day
    GROUP BY ALL
)
SELECT
    known.month,
    coalesce(by_month.begun, 0) AS begun,
    coalesce(by_month.end_known, 0) AS end_known,
    coalesce(by_month.skipped, 0) AS skipped,
    by_month.skipped / nullif(by_month.end_known, 0) AS share,
    known.* EXCLUDE (month)
FROM listening.coverage_by_month(from_date, to_date) AS known
LEFT JOIN by_month USING (month)
ORDER BY known.month
