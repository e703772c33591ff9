-- All that was played in a window, ranked.
-- Grain: one rank. Parameters: 'track', 'artist' or 'album'; local days, both inclusive; the
-- classes of plays; what is ranked by: 'plays' or 'time'; from how many seconds on
-- music counts.
-- The same recording under several ids is one track, by the name of the id that was played most.
-- Artists are known by their name, albums by theirs and the artist's: exports give no ids.
-- Ties: more plays, then more time, then the name; by time: more time, then more plays.
CREATE OR REPLACE MACRO listening.ranking(
    what, from_date, to_date, classes := ['counted'], ranked_by := 'plays', min_seconds := 30
) AS TABLE
SELECT * EXCLUDE (first_at, last_at)
FROM listening.ranking_with_times(
    what, from_date, to_date, classes := classes, ranked_by := ranked_by,
    min_seconds := min_seconds
)
