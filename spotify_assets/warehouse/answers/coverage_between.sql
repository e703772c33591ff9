-- How much is known of a window: its worst day, its complete days, and its days in all.
-- Grain: one row. Parameters: local days, both inclusive.
CREATE OR REPLACE MACRO star.coverage_between(from_date, to_date) AS TABLE
SELECT
    star.worst_coverage(coverage) AS coverage,
    count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
    count(*) AS days
FROM star.coverage_by_day(from_date, to_date)
