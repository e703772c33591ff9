-- What the listener's clock shows at a moment in UTC.
CREATE OR REPLACE MACRO listening.local_time(moment) AS
    timezone(listening.time_zone(), timezone('UTC', moment))
