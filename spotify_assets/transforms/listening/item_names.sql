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

-- What the exports say was played. Grain: one entity, as a row of an export writes it.
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

-- A track as it was reported last; its ISRC and length by the last report that has one.
-- Grain: one track that was reported.
CREATE TEMP TABLE reported_items AS
SELECT
    item_key,
    last.item AS item,
    last.track_id AS track_id,
    times,
    last.name AS name,
    last.artist_id AS artist_id,
    last.artist_name AS artist_name,
    last.album_name AS album_name,
    isrc,
    duration_ms
FROM (
    SELECT
        item_key,
        count(*) AS times,
        -- The report as a whole: the id of one artist beside the name of another would be untrue.
        arg_max(r, (reported_at, played_at)) AS last,
        arg_max(isrc, (reported_at, played_at)) AS isrc,
        arg_max(duration_ms, (reported_at, played_at)) AS duration_ms
    FROM reported AS r
    GROUP BY item_key
);

-- What reports have called each track, at any time. Grain: one track, artist and name.
CREATE TEMP TABLE reported_names AS
SELECT item_key, item, artist_name, name, count(*) AS times
FROM reported
GROUP BY ALL;

-- All names that there are, to be brought into their normal form. Local files are told apart by
-- their albums too. Grain: one artist, album and name, as they are written.
CREATE TEMP VIEW all_names AS
SELECT artist_name, if(kind = 'local_file', album_name, NULL) AS album_name, name FROM written
UNION
SELECT artist_name, NULL, name FROM reported_names
UNION
SELECT artist_name, NULL, name FROM catalog;
