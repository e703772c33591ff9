-- Which items are ranked as one, by numbers: to count by numbers is much faster than by names.
-- Grain: one item that is ranked. Parameter: 'track', 'artist' or 'album'.
-- `key_id` is the least item_key of those with the same listening.ranking_key.
CREATE OR REPLACE MACRO listening.ranked_items(what) AS TABLE
WITH keyed AS MATERIALIZED (
    SELECT
        item_key,
        listening.ranking_key(what, recording, artist_name, album_name) AS key
    FROM star.dim_item
), keys AS (
    SELECT key, min(item_key) AS key_id
    FROM keyed
    WHERE key IS NOT NULL
    GROUP BY key
)
SELECT keyed.item_key, keys.key_id, keyed.key
FROM keyed
JOIN keys USING (key)
