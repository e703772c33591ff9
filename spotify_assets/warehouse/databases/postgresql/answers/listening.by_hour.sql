-- What was played in each hour of the listener's day.
-- Grain: one of 24 hours. Parameters: local days, both inclusive; the classes of plays.
-- A play belongs to the hour in which it ended. The coverage is that of the window.
CREATE OR REPLACE FUNCTION listening.by_hour(
    from_date date, to_date date, classes text[] DEFAULT ARRAY['counted']
)
RETURNS TABLE (
    hour bigint, plays bigint, ms_played bigint, coverage text, days_complete bigint, days bigint
)
LANGUAGE sql STABLE AS $$
    WITH played AS (
        SELECT
            extract(hour FROM listening.local_time(play.ended_at))::bigint AS hour,
            count(*) AS plays,
            sum(play.ms_played)::bigint AS ms_played
        FROM listening.plays_between(from_date, to_date, classes) AS play
        GROUP BY 1
    )
    SELECT
        each.hour, coalesce(played.plays, 0), coalesce(played.ms_played, 0), known.coverage,
        known.days_complete, known.days
    FROM generate_series(0::bigint, 23) AS each (hour)
    LEFT JOIN played ON played.hour = each.hour
    CROSS JOIN listening.coverage_between(from_date, to_date) AS known
    ORDER BY each.hour
$$
