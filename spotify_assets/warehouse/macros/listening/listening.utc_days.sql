-- The days in UTC that a window of the listener's days touches, with what the listener's clock
-- is ahead of UTC. It is null on the days on which that changes.
-- Grain: one day in UTC. Parameters: local days, both inclusive.
CREATE OR REPLACE MACRO listening.utc_days(from_date, to_date) AS TABLE
SELECT
    day::DATE AS utc_day,
    CASE
        WHEN listening.local_time(day) - day
            = listening.local_time(day + INTERVAL 1 DAY) - (day + INTERVAL 1 DAY)
            THEN listening.local_time(day) - day
    END AS ahead
FROM (
    SELECT unnest(generate_series(
        date_trunc('day', listening.day_start(from_date))::TIMESTAMP,
        listening.day_start(to_date::DATE + 1),
        INTERVAL 1 DAY
    )) AS day
)
