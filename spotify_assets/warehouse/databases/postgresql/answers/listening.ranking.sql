-- All that was played in a window, ranked.
-- Grain: one rank. Parameters: 'track', 'artist' or 'album'; local days, both inclusive; the
-- classes of plays.
-- The same recording under several ids is one track, by the name of the id that was played most.
-- Artists are known by their name, albums by theirs and the artist's: exports give no ids.
-- Ties: more plays, then more time, then the name.
CREATE OR REPLACE FUNCTION listening.ranking(
    what text, from_date date, to_date date, classes text[] DEFAULT ARRAY['counted']
)
RETURNS TABLE (rank bigint, key text, name text, artist text, plays bigint, ms_played bigint)
LANGUAGE sql STABLE AS $$
    WITH per_item AS (
        SELECT play.item_key, count(*) AS plays, coalesce(sum(play.ms_played), 0) AS ms_played
        FROM listening.plays_between(from_date, to_date, classes) AS play
        GROUP BY play.item_key
    ), keyed AS (
        SELECT
            listening.ranking_key(what, item.recording, item.artist_name, item.album_name) AS key,
            CASE what
                WHEN 'track' THEN coalesce(item.name, item.item)
                WHEN 'artist' THEN item.artist_name
                ELSE item.album_name
            END AS name,
            item.artist_name AS artist,
            per_item.*
        FROM per_item
        JOIN star.dim_item AS item ON item.item_key = per_item.item_key
    ), summed AS (
        SELECT
            one.key,
            (array_agg(one.name ORDER BY one.plays DESC, one.ms_played DESC, one.item_key DESC))[1]
                AS name,
            (array_agg(one.artist ORDER BY one.plays DESC, one.ms_played DESC, one.item_key DESC))[1]
                AS artist,
            sum(one.plays)::bigint AS plays,
            sum(one.ms_played)::bigint AS ms_played
        FROM keyed AS one
        GROUP BY one.key
    )
    SELECT
        row_number() OVER (
            ORDER BY
                summed.plays DESC, summed.ms_played DESC, summed.name COLLATE "C",
                summed.key COLLATE "C"
        ),
        summed.key,
        summed.name,
        summed.artist,
        summed.plays,
        summed.ms_played
    FROM summed
    WHERE summed.key IS NOT NULL
$$
