-- Names that say the same have one name_key; it is 0 for what account data says of every local file,
-- and null for what has no name. Grain: one artist, album and name, as they are written.
CREATE TEMP TABLE names AS
SELECT
    artist_name,
    album_name,
    name,
    artist_name_normal || ':' || name_normal AS both_normal,
    concat('local:', artist_name_normal, ':', album_name_normal, ':', name_normal) AS local_item,
    CASE
        WHEN name IS NULL THEN NULL
        WHEN artist_name_normal = 'unknown artist' AND name_normal = 'unknown track' THEN 0
        ELSE (md5_number(artist_name_normal || chr(31) || name_normal) >> 66)::BIGINT
    END AS name_key
FROM normal_names;

-- What the exports say was played, each with its item. Grain: as `written`.
CREATE TEMP TABLE item_names AS
WITH own AS (
    SELECT
        w.*,
        n.name_key,
        coalesce(w.track_id, w.uri) IS NOT NULL AS has_uri,
        CASE
            WHEN w.track_id IS NOT NULL THEN 'spotify:track:' || w.track_id
            WHEN w.uri IS NOT NULL THEN w.uri
            WHEN w.kind = 'local_file' THEN n.local_item
            ELSE 'name:' || n.both_normal
        END AS own_item
    FROM written AS w
    JOIN names AS n
        ON n.artist_name IS NOT DISTINCT FROM w.artist_name
        AND n.name IS NOT DISTINCT FROM w.name
        AND n.album_name IS NOT DISTINCT FROM if(w.kind = 'local_file', w.album_name, NULL)
),
with_uri AS (
    SELECT kind, name_key, own_item AS item, times FROM own WHERE has_uri
    UNION ALL
    SELECT 'music', n.name_key, r.item, r.times
    FROM reported_names AS r
    JOIN names AS n
        ON n.artist_name IS NOT DISTINCT FROM r.artist_name AND n.name = r.name
        AND n.album_name IS NULL
),
-- Which item a pair of names means, where one of them has a URI: the one that most tell of.
meant AS (
    SELECT kind, name_key, arg_max(item, (times, item)) AS item
    FROM (SELECT kind, name_key, item, sum(times) AS times FROM with_uri GROUP BY ALL)
    WHERE name_key <> 0
    GROUP BY kind, name_key
)
SELECT
    own.*,
    (md5_number(own.own_item) >> 66)::BIGINT AS own_key,
    if(own.has_uri, own.own_item, coalesce(m.item, own.own_item)) AS item,
    (md5_number(if(own.has_uri, own.own_item, coalesce(m.item, own.own_item))) >> 66)::BIGINT
        AS item_key
FROM own
LEFT JOIN meant AS m ON m.kind = own.kind AND m.name_key = own.name_key;

-- What makes two items one entity: names and ISRCs, each as a number.
-- Grain: one item and one mark.
CREATE TEMP VIEW marks AS
SELECT own_key AS item_key, name_key AS mark FROM item_names WHERE name_key <> 0
UNION
SELECT item_key, name_key FROM item_names WHERE name_key <> 0
UNION
SELECT k.item_key, n.name_key
FROM (
    SELECT item_key, artist_name, name FROM reported_names
    UNION ALL
    SELECT (md5_number('spotify:track:' || track_id) >> 66)::BIGINT, artist_name, name
    FROM catalog
) AS k
JOIN names AS n
    ON n.artist_name IS NOT DISTINCT FROM k.artist_name AND n.name = k.name
    AND n.album_name IS NULL
WHERE n.name_key <> 0
UNION
SELECT item_key, (md5_number('isrc:' || isrc) >> 66)::BIGINT FROM reported
WHERE isrc IS NOT NULL
UNION
SELECT
    (md5_number('spotify:track:' || track_id) >> 66)::BIGINT,
    (md5_number('isrc:' || isrc) >> 66)::BIGINT
FROM catalog
WHERE isrc IS NOT NULL;
