-- What the catalog says of the tracks that were played: the current version.
-- Grain: one track.
CREATE TEMP TABLE catalog AS
WITH played AS (
    SELECT track_id FROM streams WHERE track_id IS NOT NULL
    UNION
    SELECT track_id FROM processed.plays
)
SELECT
    t.track_id,
    t.name,
    t.isrc,
    t.duration_ms,
    a.artist_id,
    a.name AS artist_name,
    l.name AS album_name
FROM star.dim_track AS t
SEMI JOIN played USING (track_id)
LEFT JOIN star.bridge_track_artist AS b ON b.track_id = t.track_id AND b.position = 1
LEFT JOIN star.dim_artist AS a ON a.artist_id = b.artist_id AND a.is_current
LEFT JOIN star.dim_album AS l ON l.album_id = t.album_id
WHERE t.is_current;

-- What the exports say was played. Grain: one thing, as a row of an export writes it.
CREATE TEMP TABLE written AS
SELECT
    kind, track_id, uri, artist_name, album_name, name,
    count(*) AS times,
    max(ended_at) AS last_at
FROM streams
GROUP BY ALL;

-- What the API reported, each play once: the first report stands for those of later days.
CREATE TEMP TABLE reported AS
SELECT
    row_number() OVER (ORDER BY played_at, track_id) AS report_id,
    *,
    source_line::BIGINT * 100 + source_item AS place,
    'spotify:track:' || track_id AS item,
    (md5_number('spotify:track:' || track_id) >> 66)::BIGINT AS item_key
FROM processed.plays
QUALIFY row_number() OVER (PARTITION BY played_at, track_id ORDER BY reported_at) = 1;

-- Grain: one track that was reported, as it was reported last.
CREATE TEMP TABLE reported_items AS
SELECT
    item_key,
    any_value(item) AS item,
    any_value(track_id) AS track_id,
    count(*) AS times,
    arg_max(name, reported_at) AS name,
    arg_max(artist_id, reported_at) AS artist_id,
    arg_max(artist_name, reported_at) AS artist_name,
    arg_max(album_name, reported_at) AS album_name,
    arg_max(isrc, reported_at) AS isrc,
    arg_max(duration_ms, reported_at) AS duration_ms
FROM reported
GROUP BY item_key;

-- All names that there are, to be brought into their normal form. Local files are told apart by
-- their albums too. Grain: one artist, album and name, as they are written.
CREATE TEMP VIEW all_names AS
SELECT artist_name, if(kind = 'local_file', album_name, NULL) AS album_name, name FROM written
UNION
SELECT artist_name, NULL, name FROM reported_items
UNION
SELECT artist_name, NULL, name FROM catalog;
