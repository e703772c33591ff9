-- The first day of the window of the same length just before a window (both inclusive).
CREATE OR REPLACE FUNCTION listening.previous_from(from_date date, to_date date) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
    SELECT from_date - (to_date - from_date + 1)
$$
