-- How much is known of each month, as far as it lies in a window.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
CREATE OR REPLACE FUNCTION listening.coverage_by_month(from_date date, to_date date)
RETURNS TABLE (month date, coverage text, days_complete bigint, days bigint)
LANGUAGE sql STABLE AS $$
    SELECT
        date_trunc('month', known.day)::date,
        listening.coverage_of(array_agg(known.coverage)),
        count(*) FILTER (WHERE known.coverage = 'complete'),
        count(*)
    FROM listening.coverage_by_day(from_date, to_date) AS known
    GROUP BY 1
$$
