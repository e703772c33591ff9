-- How much is known of each month, as far as it lies in a window.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
CREATE OR REPLACE MACRO star.coverage_by_month(from_date, to_date) AS TABLE
SELECT
    date_trunc('month', day)::DATE AS month,
    star.worst_coverage(coverage) AS coverage,
    count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
    count(*) AS days
FROM star.coverage_by_day(from_date, to_date)
GROUP BY ALL
