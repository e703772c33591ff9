-- Whether the listener skipped the play, however long it was; null where nobody says.
CREATE OR REPLACE MACRO listening.is_skip(is_skipped, reason_end) AS
    -- Spotify's own mark is false for years in which there were skips: the reason tells of them.
    is_skipped OR reason_end IN ('fwdbtn', 'backbtn', 'nextbtn', 'prevbtn')
