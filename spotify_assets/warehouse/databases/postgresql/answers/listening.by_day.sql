-- What was played on each of the listener's days, also where it is none.
-- Grain: one local day. Parameters: local days, both inclusive; the classes of plays.
-- A play belongs to the day on which it ended.
CREATE OR REPLACE FUNCTION listening.by_day(
    from_date date, to_date date, classes text[] DEFAULT ARRAY['counted']
)
RETURNS TABLE (day date, plays bigint, ms_played bigint, coverage text) LANGUAGE sql STABLE AS $$
    WITH played AS (
        SELECT
            listening.local_time(play.ended_at)::date AS day,
            count(*) AS plays,
            sum(play.ms_played)::bigint AS ms_played
        FROM listening.plays_between(from_date, to_date, classes) AS play
        GROUP BY 1
    )
    SELECT
        known.day, coalesce(played.plays, 0), coalesce(played.ms_played, 0), known.coverage
    FROM listening.coverage_by_day(from_date, to_date) AS known
    LEFT JOIN played ON played.day = known.day
    ORDER BY known.day
$$
