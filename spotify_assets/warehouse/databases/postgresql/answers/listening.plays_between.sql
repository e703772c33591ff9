-- Plays of some classes in a window of the listener's days.
-- Grain: one play. Parameters: local days, both inclusive; the classes.
-- Where the API alone knows a play, ms_played is the length of the track, or 0 if that is unknown.
CREATE OR REPLACE FUNCTION listening.plays_between(
    from_date date, to_date date, classes text[] DEFAULT ARRAY['counted']
)
RETURNS TABLE (
    ended_at timestamp, item_key bigint, ms_played bigint, is_skipped boolean, reason_end text,
    session bigint, is_first_play boolean, first_at timestamp
)
LANGUAGE sql STABLE AS $$
    SELECT
        play.ended_at,
        play.item_key,
        play.ms_heard,
        play.is_skipped,
        play.reason_end,
        play.session,
        play.is_first_play,
        play.first_at
    FROM star.fact_play AS play
    WHERE
        play.ended_at >= listening.day_start(from_date)
        AND play.ended_at < listening.day_start(to_date + 1)
        AND listening.play_class(
            play.kind, play.ms_played, play.is_skipped, play.reason_end, play.is_incognito
        ) = ANY (classes)
$$
