-- How much is known of each month, as far as it lies in a window.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
CREATE OR REPLACE MACRO listening.coverage_by_month(from_date, to_date) AS TABLE
SELECT
    date_trunc('month', day)::DATE AS month,
    listening.coverage_of(coverage) AS coverage,
    count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
    count(*) AS days
FROM listening.coverage_by_day(from_date, to_date)
GROUP BY ALL
