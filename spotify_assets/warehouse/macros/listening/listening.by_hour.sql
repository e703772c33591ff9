-- What was played in each hour of the listener's day.
-- Grain: one of 24 hours. Parameters: local days, both inclusive; the classes of plays.
-- A play belongs to the hour in which it ended. The coverage is that of the window.
CREATE OR REPLACE MACRO listening.by_hour(
    from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
WITH played AS (
    SELECT hour(local_at) AS hour, count(*) AS plays, sum(ms_played)::BIGINT AS ms_played
    FROM listening.local_plays_between(
        from_date, to_date, classes := classes, min_seconds := min_seconds
    )
    GROUP BY ALL
)
SELECT
    hours.hour,
    coalesce(played.plays, 0) AS plays,
    coalesce(played.ms_played, 0) AS ms_played,
    known.*
FROM range(24) AS hours (hour)
LEFT JOIN played USING (hour)
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
ORDER BY hours.hour
