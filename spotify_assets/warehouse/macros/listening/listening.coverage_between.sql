-- How much is known of a window: the word for its days (listening.coverage_of), its complete days,
-- and its days in all.
-- Grain: one row. Parameters: local days, both inclusive.
CREATE OR REPLACE MACRO listening.coverage_between(from_date, to_date) AS TABLE
SELECT
    listening.coverage_of(coverage) AS coverage,
    count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
    count(*) AS days
FROM listening.coverage_by_day(from_date, to_date)
