-- The class of a play: podcast, audiobook, local_file, incognito, skipped, short or counted.
-- Music counts from 30 s on, as at Spotify. The API reports no shorter play, and no duration.
CREATE OR REPLACE MACRO listening.play_class(kind, ms_played, is_skipped, reason_end, is_incognito) AS
    CASE
        WHEN kind <> 'music' THEN kind
        WHEN is_incognito THEN 'incognito'
        WHEN ms_played < 30000 THEN
            CASE WHEN listening.is_skip(is_skipped, reason_end) THEN 'skipped' ELSE 'short' END
        ELSE 'counted'
    END
