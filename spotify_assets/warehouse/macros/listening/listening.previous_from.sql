-- The first day of the window of the same length just before a window (both inclusive).
CREATE OR REPLACE MACRO listening.previous_from(from_date, to_date) AS
    from_date::DATE - (to_date::DATE - from_date::DATE + 1)::INTEGER
