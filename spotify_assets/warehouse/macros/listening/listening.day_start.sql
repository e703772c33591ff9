-- The moment in UTC at which a day begins for the listener.
-- Of constants it is a constant: a filter on ended_at by it reads no more than it must.
CREATE OR REPLACE MACRO listening.day_start(day) AS
    -- Where clocks go back to midnight, it strikes twice. DuckDB takes the second.
    timezone('UTC', timezone(listening.time_zone(), day::DATE::TIMESTAMP))
    - CASE
        WHEN listening.local_time(
            timezone('UTC', timezone(listening.time_zone(), day::DATE::TIMESTAMP)) - INTERVAL 1 HOUR
        ) = day::DATE::TIMESTAMP THEN INTERVAL 1 HOUR
        ELSE INTERVAL 0 HOUR
    END
