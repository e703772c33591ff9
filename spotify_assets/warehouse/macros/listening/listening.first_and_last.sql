-- What was played in a window, with the first and the last time that it was heard.
-- Grain: one track, artist or album. Parameters: 'track', 'artist' or 'album'; local days, both
-- inclusive; the classes of plays.
-- For the first time ever, begin with the first day that is known. Names and ties: listening.ranking.
CREATE OR REPLACE MACRO listening.first_and_last(
    what, from_date, to_date, classes := ['counted']
) AS TABLE
WITH per_item AS (
    SELECT item_key, min(ended_at) AS first_at, max(ended_at) AS last_at
    FROM listening.plays_between(from_date, to_date, classes := classes)
    GROUP BY item_key
), heard AS (
    SELECT
        listening.ranking_key(what, item.recording, item.artist_name, item.album_name) AS key,
        min(per_item.first_at) AS first_at,
        max(per_item.last_at) AS last_at
    FROM per_item
    JOIN star.dim_item AS item USING (item_key)
    GROUP BY key
)
SELECT
    ranked.rank,
    ranked.name,
    ranked.artist,
    ranked.plays,
    ranked.ms_played,
    listening.local_time(heard.first_at) AS first_at,
    listening.local_time(heard.last_at) AS last_at,
    known.*
FROM listening.ranking(what, from_date, to_date, classes := classes) AS ranked
JOIN heard USING (key)
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
ORDER BY ranked.rank
