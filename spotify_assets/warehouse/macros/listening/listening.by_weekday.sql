-- What was played on each weekday, from 1 (Monday) to 7 (Sunday).
-- Grain: one of 7 weekdays. Parameters: local days, both inclusive; the classes of plays.
-- The coverage is that of the weekday's own days.
CREATE OR REPLACE MACRO listening.by_weekday(
    from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
WITH played AS (
    SELECT
        isodow(day) AS weekday,
        sum(plays)::BIGINT AS plays,
        sum(ms_played)::BIGINT AS ms_played,
        listening.coverage_of(coverage) AS coverage,
        count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
        count(*) AS days
    FROM listening.by_day(from_date, to_date, classes := classes, min_seconds := min_seconds)
    GROUP BY ALL
)
SELECT
    weekdays.weekday,
    -- 1 January 2024 was a Monday.
    dayname(DATE '2023-12-31' + weekdays.weekday::INTEGER) AS name,
    coalesce(played.plays, 0) AS plays,
    coalesce(played.ms_played, 0) AS ms_played,
    coalesce(played.coverage, 'unknown') AS coverage,
    coalesce(played.days_complete, 0) AS days_complete,
    coalesce(played.days, 0) AS days
FROM range(1, 8) AS weekdays (weekday)
LEFT JOIN played USING (weekday)
ORDER BY weekdays.weekday
