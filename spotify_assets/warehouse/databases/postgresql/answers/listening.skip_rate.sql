-- How much of the music that was begun was skipped, after however long, month by month.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
-- The share is of the plays whose end is known: account data and the API say nothing of it.
CREATE OR REPLACE FUNCTION listening.skip_rate(from_date date, to_date date)
RETURNS TABLE (
    month date, begun bigint, end_known bigint, skipped bigint, share double precision,
    coverage text, days_complete bigint, days bigint
)
LANGUAGE sql STABLE AS $$
    WITH by_month AS (
        SELECT
            date_trunc('month', listening.local_time(play.ended_at))::date AS month,
            count(*) AS begun,
            count(*) FILTER (
                WHERE play.reason_end IS NOT NULL OR play.is_skipped IS NOT NULL
            ) AS end_known,
            count(*) FILTER (
                WHERE listening.is_skip(play.is_skipped, play.reason_end)
            ) AS skipped
        FROM listening.plays_between(
            from_date, to_date, ARRAY['counted', 'short', 'skipped']
        ) AS play
        GROUP BY 1
    )
    SELECT
        known.month,
        coalesce(by_month.begun, 0),
        coalesce(by_month.end_known, 0),
        coalesce(by_month.skipped, 0),
        by_month.skipped::double precision / nullif(by_month.end_known, 0),
        known.coverage,
        known.days_complete,
        known.days
    FROM listening.coverage_by_month(from_date, to_date) AS known
    LEFT JOIN by_month ON by_month.month = known.month
    ORDER BY known.month
$$
