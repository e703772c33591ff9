-- Plays of some classes in a window of the listener's days, with the listener's time.
-- Grain: one play. Parameters: local days, both inclusive; the classes; from how
-- many seconds on music counts.
CREATE OR REPLACE MACRO listening.local_plays_between(
    from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
SELECT
    play.*,
    -- To look a time up in the calendar takes 300 ns, so it is done on days of change only.
    coalesce(play.ended_at + utc.ahead, listening.local_time(play.ended_at)) AS local_at
FROM listening.plays_between(from_date, to_date, classes := classes, min_seconds := min_seconds) AS play
JOIN listening.utc_days(from_date, to_date) AS utc ON utc.utc_day = play.ended_at::DATE
