-- How much is known of a window: the word for its days (listening.coverage_of), its complete days,
-- and its days in all.
-- Grain: one row. Parameters: local days, both inclusive.
CREATE OR REPLACE FUNCTION listening.coverage_between(from_date date, to_date date)
RETURNS TABLE (coverage text, days_complete bigint, days bigint) LANGUAGE sql STABLE AS $$
    SELECT
        listening.coverage_of(array_agg(known.coverage)),
        count(*) FILTER (WHERE known.coverage = 'complete'),
        count(*)
    FROM listening.coverage_by_day(from_date, to_date) AS known
$$
