-- What was played in a window, with the first and the last time that it was heard.
-- Grain: one track, artist or album. Parameters: 'track', 'artist' or 'album'; local days, both
-- inclusive; the classes of plays.
-- For the first time ever, begin with the first day that is known. Names and ties: listening.ranking.
CREATE OR REPLACE MACRO listening.first_and_last(
    what, from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
SELECT
    ranked.rank,
    ranked.name,
    ranked.artist,
    ranked.plays,
    ranked.ms_played,
    listening.local_time(ranked.first_at) AS first_at,
    listening.local_time(ranked.last_at) AS last_at,
    known.*
FROM listening.ranking_with_times(
    what, from_date, to_date, classes := classes, min_seconds := min_seconds
) AS ranked
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
ORDER BY ranked.rank
