-- The class of a play: podcast, audiobook, local_file, incognito, skipped, short or counted.
-- Music counts from 30 s on, as at Spotify, or from `min_seconds`. Where nobody knows how long a play
-- was it counts: the API reports none under 30 s, and no duration.
CREATE OR REPLACE MACRO listening.play_class(
    kind, ms_played, is_skipped, reason_end, is_incognito, min_seconds := 30
) AS
    CASE
        WHEN kind <> 'music' THEN kind
        WHEN is_incognito THEN 'incognito'
        WHEN ms_played < 1000 * min_seconds THEN
            CASE WHEN listening.is_skip(is_skipped, reason_end) THEN 'skipped' ELSE 'short' END
        ELSE 'counted'
    END
