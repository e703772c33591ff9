-- What was played most in each hour, on each weekday, in each month of the year or season.
-- Grain: one rank of a part. Parameters: 'hour', 'weekday', 'month' or 'season', numbered as in
-- listening.part_of; 'track', 'artist' or 'album'; local days, both inclusive; how many of each part;
-- the classes of plays.
-- A play belongs to the part in which it ended. Names and ties: listening.ranking. The coverage is
-- that of the window.
CREATE OR REPLACE MACRO listening.top_by(
    part_name, what, from_date, to_date, n := 10, classes := ['counted'], min_seconds := 30
) AS TABLE
WITH items AS MATERIALIZED (
    FROM listening.ranked_items(what)
), per_item AS MATERIALIZED (
    SELECT
        listening.part_of(part_name, play.local_at) AS part,
        items.key_id,
        -- All items of an artist have the name of the artist.
        CASE what WHEN 'artist' THEN items.key_id ELSE items.item_key END AS item_key,
        count(*) AS plays,
        coalesce(sum(play.ms_played), 0)::BIGINT AS ms_played
    FROM listening.local_plays_between(
        from_date, to_date, classes := classes, min_seconds := min_seconds
    ) AS play
    JOIN items USING (item_key)
    GROUP BY ALL
), summed AS (
    SELECT part, key_id, sum(plays)::BIGINT AS plays, sum(ms_played)::BIGINT AS ms_played
    FROM per_item
    GROUP BY ALL
), best AS (
    -- Names decide among equals: those that share the last place go on too.
    SELECT *
    FROM summed
    QUALIFY rank() OVER (PARTITION BY part ORDER BY plays DESC, ms_played DESC) <= n
), shown AS (
    SELECT
        part, key_id,
        arg_max(item_key, (per_item.plays, per_item.ms_played, item_key)) AS item_key
    FROM best
    JOIN per_item USING (part, key_id)
    GROUP BY ALL
), named AS (
    SELECT
        best.*,
        CASE what
            WHEN 'track' THEN coalesce(item.name, item.item)
            WHEN 'artist' THEN item.artist_name
            ELSE item.album_name
        END AS name,
        item.artist_name AS artist,
        listening.ranking_key(what, item.recording, item.artist_name, item.album_name) AS key
    FROM best
    JOIN shown USING (part, key_id)
    JOIN star.dim_item AS item USING (item_key)
), ranked AS (
    SELECT
        part,
        row_number() OVER (
            PARTITION BY part ORDER BY plays DESC, ms_played DESC, name, key
        ) AS rank,
        name,
        artist,
        plays,
        ms_played
    FROM named
)
SELECT ranked.*, known.*
FROM ranked
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
WHERE ranked.rank <= n
ORDER BY ranked.part, ranked.rank
