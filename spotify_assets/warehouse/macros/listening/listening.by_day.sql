-- What was played on each of the listener's days, also where it is none.
-- Grain: one local day. Parameters: local days, both inclusive; the classes of plays.
-- A play belongs to the day on which it ended.
CREATE OR REPLACE MACRO listening.by_day(
    from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
WITH played AS (
    SELECT local_at::DATE AS day, count(*) AS plays, sum(ms_played)::BIGINT AS ms_played
    FROM listening.local_plays_between(
        from_date, to_date, classes := classes, min_seconds := min_seconds
    )
    GROUP BY ALL
)
SELECT
    known.day,
    coalesce(played.plays, 0) AS plays,
    coalesce(played.ms_played, 0) AS ms_played,
    known.coverage
FROM listening.coverage_by_day(from_date, to_date) AS known
LEFT JOIN played USING (day)
ORDER BY known.day
