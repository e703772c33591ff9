-- The tracks played most in a window, with their movement against the window just before.
-- Grain: one rank. Parameters: local days, both inclusive; how many; the classes of plays.
-- Rules of the ranking: listening.ranking. Where no one knows how long a play was, its ms_played is the
-- length of the track.
CREATE OR REPLACE FUNCTION listening.top_tracks(
    from_date date, to_date date, n integer DEFAULT 50, classes text[] DEFAULT ARRAY['counted']
)
RETURNS TABLE (
    rank bigint, name text, artist text, plays bigint, ms_played bigint, previous_rank bigint,
    movement bigint, status text, coverage text, days_complete bigint, days bigint
)
LANGUAGE sql STABLE AS $$
    SELECT * FROM listening.top('track', from_date, to_date, n, classes) AS top ORDER BY top.rank
$$
