-- What was played on each weekday, from 1 (Monday) to 7 (Sunday).
-- Grain: one of 7 weekdays. Parameters: local days, both inclusive; the classes of plays.
-- The coverage is that of the weekday's own days.
CREATE OR REPLACE FUNCTION listening.by_weekday(
    from_date date, to_date date, classes text[] DEFAULT ARRAY['counted']
)
RETURNS TABLE (
    weekday bigint, name text, plays bigint, ms_played bigint, coverage text,
    days_complete bigint, days bigint
)
LANGUAGE sql STABLE AS $$
    WITH played AS (
        SELECT
            extract(isodow FROM by_day.day)::bigint AS weekday,
            sum(by_day.plays)::bigint AS plays,
            sum(by_day.ms_played)::bigint AS ms_played,
            listening.coverage_of(array_agg(by_day.coverage)) AS coverage,
            count(*) FILTER (WHERE by_day.coverage = 'complete') AS days_complete,
            count(*) AS days
        FROM listening.by_day(from_date, to_date, classes) AS by_day
        GROUP BY 1
    )
    SELECT
        each.weekday,
        -- 1 January 2024 was a Monday.
        to_char(DATE '2023-12-31' + each.weekday::integer, 'FMDay'),
        coalesce(played.plays, 0),
        coalesce(played.ms_played, 0),
        coalesce(played.coverage, 'unknown'),
        coalesce(played.days_complete, 0),
        coalesce(played.days, 0)
    FROM generate_series(1::bigint, 7) AS each (weekday)
    LEFT JOIN played ON played.weekday = each.weekday
    ORDER BY each.weekday
$$
