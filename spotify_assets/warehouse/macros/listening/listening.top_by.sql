-- What was played most in each hour, on each weekday, in each month of the year or season.
-- Grain: one rank of a part. Parameters: 'hour', 'weekday', 'month' or 'season', numbered as in
-- listening.part_of; 'track', 'artist' or 'album'; local days, both inclusive; how many of each part;
-- the classes of plays.
-- A play belongs to the part in which it ended. Names and ties: listening.ranking. The coverage is
-- that of the window.
CREATE OR REPLACE MACRO listening.top_by(
    part_name, what, from_date, to_date, n := 10, classes := ['counted']
) AS TABLE
WITH per_item AS (
    SELECT
        listening.part_of(part_name, local_at) AS part,
        item_key,
        count(*) AS plays,
        coalesce(sum(ms_played), 0)::BIGINT AS ms_played
    FROM listening.local_plays_between(from_date, to_date, classes := classes)
    GROUP BY ALL
), summed AS (
    SELECT
        per_item.part,
        listening.ranking_key(what, item.recording, item.artist_name, item.album_name) AS key,
        arg_max(
            {
                name: CASE what
                    WHEN 'track' THEN coalesce(item.name, item.item)
                    WHEN 'artist' THEN item.artist_name
                    ELSE item.album_name
                END,
                artist: item.artist_name
            },
            (per_item.plays, per_item.ms_played, item_key)
        ) AS shown,
        sum(per_item.plays)::BIGINT AS plays,
        sum(per_item.ms_played)::BIGINT AS ms_played
    FROM per_item
    JOIN star.dim_item AS item USING (item_key)
    GROUP BY ALL
), ranked AS (
    SELECT
        part,
        row_number() OVER (
            PARTITION BY part ORDER BY plays DESC, ms_played DESC, shown.name, key
        ) AS rank,
        shown.name AS name,
        shown.artist AS artist,
        plays,
        ms_played
    FROM summed
    WHERE key IS NOT NULL
)
SELECT ranked.*, known.*
FROM ranked
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
WHERE ranked.rank <= n
ORDER BY ranked.part, ranked.rank
