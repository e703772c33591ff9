-- Which exported play each reported one may be that is still left (steps 10 and 11): it was reported
-- by its start, and paused; or the export tells of it later. So the report is before its start, and
-- nothing else was played in between, or the file holds all that was played then.
-- Grain: one reported play and one exported play.
WITH left_over AS (
    SELECT r.report_id, r.played_at, coalesce(t.entity, r.item_key) AS entity
    FROM reported AS r
    ANTI JOIN same_reported AS s USING (report_id)
    LEFT JOIN entities AS t USING (item_key)
)
SELECT
    r.report_id AS "left",
    x.row_id AS "right",
    r.played_at AS left_at,
    x.ended_at AS right_at,
    epoch(x.ended_at - to_milliseconds(x.ms_played) - r.played_at) AS distance
FROM left_over AS r
JOIN (
    SELECT *, ended_at::DATE - unnest([0, 1]) AS day
    FROM exported
    WHERE ms_played >= 30000
) AS x ON x.entity = r.entity AND x.day = r.played_at::DATE
WHERE
    r.played_at < x.ended_at - to_milliseconds(x.ms_played)
    AND r.played_at >= x.ended_at - INTERVAL 1 DAY
    AND (
        r.played_at >= greatest(
            date_trunc('day', x.file_first_at),
            -- A reported time is good for 90 s.
            coalesce(x.end_before - INTERVAL 90 SECOND, x.ended_at - INTERVAL 1 DAY)
        )
        OR (r.played_at > x.file_first_at AND r.played_at < x.file_last_at)
    )
