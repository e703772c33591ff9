-- How much is known of each of the listener's days: the word for the days in UTC that it touches.
-- Grain: one local day. Parameters: local days, both inclusive.
CREATE OR REPLACE MACRO listening.coverage_by_day(from_date, to_date) AS TABLE
WITH bounds AS (
    SELECT
        day,
        begins::DATE AS first_utc_day,
        lead(begins) OVER (ORDER BY day) AS ends,
        (lead(begins) OVER (ORDER BY day) - INTERVAL 1 MICROSECOND)::DATE AS last_utc_day
    FROM (
        SELECT day, listening.day_start(day) AS begins
        FROM (
            SELECT unnest(generate_series(
                from_date::DATE::TIMESTAMP, to_date::DATE + INTERVAL 1 DAY, INTERVAL 1 DAY
            ))::DATE AS day
        )
    )
    -- A place that crosses the date line leaves a day out.
    QUALIFY ends > begins
)
SELECT
    bounds.day,
    listening.coverage_of_two(first_known.coverage, last_known.coverage) AS coverage
FROM bounds
LEFT JOIN star.play_coverage AS first_known ON first_known.date = bounds.first_utc_day
LEFT JOIN star.play_coverage AS last_known ON last_known.date = bounds.last_utc_day
