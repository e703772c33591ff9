-- What the listener's clock shows at a moment in UTC.
CREATE OR REPLACE MACRO star.local_time(moment) AS
    timezone(star.time_zone(), timezone('UTC', moment))
