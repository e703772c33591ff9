-- Plays of some classes in a window of the listener's days.
-- Grain: one play. Parameters: local days, both inclusive; the classes; from how
-- many seconds on music counts.
-- Where the API alone knows a play, ms_played is the length of the track, or 0 if that is unknown.
CREATE OR REPLACE MACRO listening.plays_between(
    from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
SELECT
    play.ended_at,
    play.item_key,
    play.ms_heard AS ms_played,
    play.is_skipped,
    play.reason_end,
    play.session,
    play.is_first_play,
    play.first_at
FROM star.fact_play AS play
WHERE
    play.ended_at >= listening.day_start(from_date)
    AND play.ended_at < listening.day_start(to_date::DATE + 1)
    AND list_contains(
        classes,
        listening.play_class(
            play.kind,
            play.ms_played,
            play.is_skipped,
            play.reason_end,
            play.is_incognito,
            min_seconds := min_seconds
        )
    )
