-- The tracks played most on this day of earlier years, the latest year first.
-- Grain: one rank of a year. Parameters: the day; how many of each year; the classes of plays.
-- 29 February is in leap years only. Recordings and ties as in listening.ranking.
CREATE OR REPLACE MACRO listening.on_this_day(
    on_date, n := 10, classes := ['counted'], min_seconds := 30
) AS TABLE
WITH years AS (
    SELECT
        known.day AS local_day,
        known.coverage,
        listening.day_start(known.day) AS begins,
        listening.day_start(known.day + 1) AS ends
    FROM listening.coverage_by_day((SELECT min(date) - 1 FROM star.play_coverage), on_date) AS known
    WHERE
        month(known.day) = month(on_date::DATE)
        AND dayofmonth(known.day) = dayofmonth(on_date::DATE)
        AND known.day < on_date::DATE
), played AS (
    SELECT years.local_day, years.coverage, play.*
    -- So few days that to look at each play's day first spares the rest.
    FROM (
        FROM star.fact_play
        WHERE ended_at::DATE IN (
            SELECT begins::DATE FROM years UNION ALL SELECT ends::DATE FROM years
        )
    ) AS play
    JOIN years ON play.ended_at >= years.begins AND play.ended_at < years.ends
), summed AS (
    SELECT
        played.local_day,
        played.coverage,
        item.recording,
        item_key,
        coalesce(item.name, item.item) AS name,
        item.artist_name,
        count(*) AS plays,
        sum(coalesce(played.ms_played, item.duration_ms)) AS ms_played
    FROM played
    JOIN star.dim_item AS item USING (item_key)
    WHERE list_contains(
        classes,
        listening.play_class(
            item.kind, played.ms_played, played.is_skipped, played.reason_end, played.is_incognito,
            min_seconds := min_seconds
        )
    )
    GROUP BY ALL
), recordings AS (
    SELECT
        local_day,
        coverage,
        recording,
        arg_max(
            {name: name, artist: artist_name}, (plays, coalesce(ms_played, 0), item_key)
        ) AS shown,
        sum(plays)::BIGINT AS plays,
        coalesce(sum(ms_played), 0)::BIGINT AS ms_played
    FROM summed
    GROUP BY ALL
)
SELECT
    year(local_day) AS year,
    row_number() OVER (
        PARTITION BY local_day ORDER BY plays DESC, ms_played DESC, shown.name, recording
    ) AS rank,
    shown.name AS name,
    shown.artist AS artist,
    plays,
    ms_played,
    coverage
FROM recordings
QUALIFY rank <= n
ORDER BY year DESC, rank
