-- Whether the listener skipped the play, however long it was; null where nobody says.
CREATE OR REPLACE FUNCTION listening.is_skip(is_skipped boolean, reason_end text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    -- Spotify's own mark is false for years in which there were skips: the reason tells of them.
    SELECT is_skipped OR reason_end IN ('fwdbtn', 'backbtn', 'nextbtn', 'prevbtn')
$$
