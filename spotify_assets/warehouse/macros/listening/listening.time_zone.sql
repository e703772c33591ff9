-- The listener's time zone, by its IANA name. It is set when the warehouse is published.
CREATE OR REPLACE MACRO listening.time_zone() AS $time_zone
