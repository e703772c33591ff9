-- How much is known of each of the listener's days: the word for the days in UTC that it touches.
-- Grain: one local day. Parameters: local days, both inclusive.
CREATE OR REPLACE FUNCTION listening.coverage_by_day(from_date date, to_date date)
RETURNS TABLE (day date, coverage text) LANGUAGE sql STABLE AS $$
    WITH bounds AS (
        SELECT
            each.day,
            each.begins::date AS first_utc_day,
            (each.ends - INTERVAL '1 microsecond')::date AS last_utc_day
        FROM (
            SELECT
                from_date + number AS day,
                listening.day_start(from_date + number) AS begins,
                listening.day_start(from_date + number + 1) AS ends
            FROM generate_series(0, to_date - from_date) AS number
        ) AS each
        -- A place that crosses the date line leaves a day out.
        WHERE each.ends > each.begins
    )
    SELECT
        bounds.day,
        listening.coverage_of_two(first_known.coverage, last_known.coverage)
    FROM bounds
    LEFT JOIN star.play_coverage AS first_known ON first_known.date = bounds.first_utc_day
    LEFT JOIN star.play_coverage AS last_known ON last_known.date = bounds.last_utc_day
$$
