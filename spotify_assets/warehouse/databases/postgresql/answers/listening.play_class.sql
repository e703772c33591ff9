-- The class of a play: podcast, audiobook, local_file, incognito, skipped, short or counted.
-- Music counts from 30 s on, as at Spotify. The API reports no shorter play, and no duration.
CREATE OR REPLACE FUNCTION listening.play_class(
    kind text, ms_played bigint, is_skipped boolean, reason_end text, is_incognito boolean
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN kind <> 'music' THEN kind
        WHEN is_incognito THEN 'incognito'
        WHEN ms_played < 30000 THEN
            CASE WHEN listening.is_skip(is_skipped, reason_end) THEN 'skipped' ELSE 'short' END
        ELSE 'counted'
    END
$$
