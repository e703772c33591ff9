-- The moment in UTC at which a day begins for the listener.
CREATE OR REPLACE FUNCTION listening.day_start(day date) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$
    -- Where clocks go back to midnight, it strikes twice. PostgreSQL takes the second.
    SELECT timezone('UTC', timezone(listening.time_zone(), day::timestamp))
    - CASE
        WHEN listening.local_time(
            timezone('UTC', timezone(listening.time_zone(), day::timestamp)) - INTERVAL '1 hour'
        ) = day::timestamp THEN INTERVAL '1 hour'
        ELSE INTERVAL '0 hours'
    END
$$
