-- Which exported play each reported one may be: the same recording or the same names, and the time
-- that the API gives within 90 s of its end or of its start. Account data knows the minute only: any
-- second of it.
-- Grain: one reported play and one exported play.
WITH bounds AS (
    SELECT min(played_at) - INTERVAL 1 DAY AS first, max(played_at) + INTERVAL 2 DAY AS past
    FROM reported
),
-- The same recording has several ids, and the ISRC that tells is often known of one only.
known_as AS (
    SELECT item_key, recording AS known_as, 0 AS doubt FROM items WHERE kind = 'music'
    UNION ALL
    SELECT item_key, lower(concat(artist_name, ':', name)), 30
    FROM items
    WHERE kind = 'music' AND artist_name IS NOT NULL AND name IS NOT NULL
),
moments AS (
    SELECT
        x.row_id,
        i.known_as,
        i.doubt,
        x.ended_at,
        CASE x.source WHEN 'account' THEN INTERVAL 59 SECOND ELSE INTERVAL 0 SECOND END AS wide,
        to_milliseconds(x.ms_played) AS long,
        unnest([false, true]) AS is_start
    FROM exported AS x
    JOIN known_as AS i USING (item_key)
    JOIN bounds AS b ON x.ended_at >= b.first AND x.ended_at < b.past
    -- The API reports no shorter one.
    WHERE x.ms_played >= 30000
),
placed AS (
    SELECT
        row_id,
        known_as,
        doubt,
        is_start,
        ended_at,
        CASE WHEN is_start THEN ended_at - long ELSE ended_at END AS from_at,
        CASE WHEN is_start THEN ended_at - long ELSE ended_at END + wide AS to_at
    FROM moments
),
-- A moment may be in this stretch of 10 minutes or, near its edges, in the next.
asked AS (
    SELECT
        r.report_id,
        r.played_at,
        i.known_as,
        unnest(list_distinct([
            time_bucket(INTERVAL 10 MINUTE, r.played_at - INTERVAL 150 SECOND),
            time_bucket(INTERVAL 10 MINUTE, r.played_at + INTERVAL 90 SECOND)
        ])) AS stretch
    FROM reported AS r
    JOIN known_as AS i USING (item_key)
)
SELECT
    a.report_id AS "left",
    p.row_id AS "right",
    any_value(a.played_at) AS left_at,
    -- Its end, even where its start is near: a play has one place in the order of plays.
    any_value(p.ended_at) AS right_at,
    min(
        greatest(epoch(p.from_at - a.played_at), epoch(a.played_at - p.to_at), 0)
        + CASE WHEN p.is_start THEN 20 ELSE 0 END + p.doubt
    ) AS distance
FROM asked AS a
JOIN placed AS p
    ON p.known_as = a.known_as
    AND time_bucket(INTERVAL 10 MINUTE, p.from_at) = a.stretch
    AND a.played_at >= p.from_at - INTERVAL 90 SECOND
    AND a.played_at <= p.to_at + INTERVAL 90 SECOND
GROUP BY a.report_id, p.row_id
