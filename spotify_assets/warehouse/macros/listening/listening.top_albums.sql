-- The albums played most in a window, with their movement against the window just before.
-- Grain: one rank. Parameters: local days, both inclusive; how many; the classes of plays;
-- what is ranked by: 'plays' or 'time'.
-- Rules of the ranking: listening.ranking. Where no one knows how long a play was, its ms_played is the
-- length of the track.
CREATE OR REPLACE MACRO listening.top_albums(
    from_date, to_date, n := 50, classes := ['counted'], ranked_by := 'plays',
    min_seconds := 30
) AS TABLE
SELECT *
FROM listening.top(
    'album', from_date, to_date, n := n, classes := classes, ranked_by := ranked_by,
    min_seconds := min_seconds
)
ORDER BY rank
