-- What the listener's clock shows at a moment in UTC.
CREATE OR REPLACE FUNCTION listening.local_time(moment timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$
    SELECT timezone(listening.time_zone(), timezone('UTC', moment))
$$
