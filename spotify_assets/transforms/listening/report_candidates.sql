-- Which exported play each reported one may be (step 9): the same entity, and the time that the API
-- gives within 90 s of the end or the start of one of its rows. Account data knows the minute only:
-- any second of it.
-- Grain: one reported play and one exported play.
WITH bounds AS (
    SELECT min(played_at) - INTERVAL 1 DAY AS first, max(played_at) + INTERVAL 2 DAY AS past
    FROM reported
),
moments AS (
    SELECT
        t.play,
        x.entity,
        x.ended_at,
        t.ended_at AS end_of_row,
        CASE t.package WHEN 'account' THEN INTERVAL 59 SECOND ELSE INTERVAL 0 SECOND END AS wide,
        to_milliseconds(t.ms_played) AS long,
        unnest([false, true]) AS is_start
    FROM source_records AS t
    JOIN exported AS x ON x.row_id = t.play
    JOIN bounds AS b ON t.ended_at >= b.first AND t.ended_at < b.past
    -- The API reports no shorter one.
    WHERE x.ms_played >= 30000
),
placed AS (
    SELECT
        play,
        entity,
        is_start,
        ended_at,
        CASE WHEN is_start THEN end_of_row - long ELSE end_of_row END AS from_at,
        CASE WHEN is_start THEN end_of_row - long ELSE end_of_row END + wide AS to_at
    FROM moments
),
-- A moment may be in this stretch of 10 minutes or, near its edges, in the next.
asked AS (
    SELECT
        r.report_id,
        r.played_at,
        coalesce(t.entity, r.item_key) AS entity,
        unnest(list_distinct([
            time_bucket(INTERVAL 10 MINUTE, r.played_at - INTERVAL 150 SECOND),
            time_bucket(INTERVAL 10 MINUTE, r.played_at + INTERVAL 90 SECOND)
        ])) AS stretch
    FROM reported AS r
    LEFT JOIN entities AS t USING (item_key)
)
SELECT
    a.report_id AS "left",
    p.play AS "right",
    any_value(a.played_at) AS left_at,
    -- Its end, even where its start is near: a play has one place in the order of plays.
    any_value(p.ended_at) AS right_at,
    min(
        greatest(epoch(p.from_at - a.played_at), epoch(a.played_at - p.to_at), 0)
        + CASE WHEN p.is_start THEN 20 ELSE 0 END
    ) AS distance
FROM asked AS a
JOIN placed AS p
    ON p.entity = a.entity
    AND time_bucket(INTERVAL 10 MINUTE, p.from_at) = a.stretch
    AND a.played_at >= p.from_at - INTERVAL 90 SECOND
    AND a.played_at <= p.to_at + INTERVAL 90 SECOND
GROUP BY a.report_id, p.play
