-- The listener's time zone, by its IANA name. It is set when the warehouse is published.
CREATE OR REPLACE FUNCTION listening.time_zone() RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT $time_zone::text
$$
