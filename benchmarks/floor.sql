-- Raw files → the columns of `processed`, by DuckDB alone: the least that has to be done.
--
-- Types are DuckDB's own, nothing is checked, nothing is set aside, and of the tables only artists
-- are made distinct, because every mention of an artist is a row otherwise.

-- Grain: one track object of a search.
CREATE TEMP TABLE items AS
SELECT genre, date, source_file, source_line, search_offset + index AS position, o
FROM (
    SELECT
        genre, date, source_file, seq AS source_line,
        CAST(params ->> '$.offset' AS INTEGER) AS search_offset,
        unnest(search.tracks.items) AS o, generate_subscripts(search.tracks.items, 1) AS index
    FROM read_json(
        getvariable('files'), format = 'newline_delimited', filename = 'source_file',
        hive_partitioning = true, hive_types = {'genre': VARCHAR, 'date': DATE},
        columns = {
            'seq': 'INTEGER',
            'params': 'JSON',
            'search': 'STRUCT(tracks STRUCT(items STRUCT(
                id VARCHAR,
                name VARCHAR,
                popularity INTEGER,
                duration_ms BIGINT,
                explicit BOOLEAN,
                disc_number INTEGER,
                track_number INTEGER,
                is_playable BOOLEAN,
                external_ids STRUCT(isrc VARCHAR),
                artists STRUCT(id VARCHAR, name VARCHAR)[],
                album STRUCT(
                    id VARCHAR,
                    name VARCHAR,
                    album_type VARCHAR,
                    release_date VARCHAR,
                    release_date_precision VARCHAR,
                    total_tracks INTEGER,
                    artists STRUCT(id VARCHAR, name VARCHAR)[]
                )
            )[]))'
        }
    )
);

-- Grain: one artist that a file names.
CREATE TEMP VIEW artists AS
SELECT
    genre, date, a.id AS artist_id, a.name AS name, CAST(NULL AS INTEGER) AS popularity,
    CAST(NULL AS BIGINT) AS followers, CAST(NULL AS VARCHAR[]) AS spotify_genres,
    false AS is_full, source_file, min(source_line) AS source_line
FROM (
    SELECT genre, date, source_file, source_line, unnest(o.artists) AS a FROM items
    UNION ALL
    SELECT genre, date, source_file, source_line, unnest(o.album.artists) AS a FROM items
)
GROUP BY ALL;

-- Grain: one mention of an album.
CREATE TEMP VIEW albums AS
SELECT
    genre, date, o.album.id AS album_id, o.album.name AS name, o.album.album_type AS album_type,
    o.album.release_date AS release_date,
    o.album.release_date_precision AS release_date_precision,
    TRY_CAST(o.album.release_date AS DATE) AS released_from,
    o.album.total_tracks AS total_tracks,
    list_transform(o.album.artists, lambda a: a.id) AS artist_ids, source_file, source_line
FROM items;

-- Grain: one track object.
CREATE TEMP VIEW tracks AS
SELECT
    genre, date, o.id AS track_id, o.name AS name, o.album.id AS album_id,
    o.popularity AS popularity, o.duration_ms AS duration_ms, o.explicit AS is_explicit,
    o.disc_number AS disc_number, o.track_number AS track_number,
    o.external_ids.isrc AS isrc, o.is_playable AS is_playable, source_file, source_line
FROM items;

-- Grain: one credit on a track.
CREATE TEMP VIEW track_artists AS
SELECT
    genre, date, track_id, position, a.id AS artist_id, source_file, source_line
FROM (
    SELECT
        genre, date, o.id AS track_id,
        CAST(generate_subscripts(o.artists, 1) AS INTEGER) AS position,
        unnest(o.artists) AS a, source_file, source_line
    FROM items
);

-- Grain: one position of a search.
CREATE TEMP VIEW search_results AS
SELECT
    genre, date, 'track' AS kind, CAST(position AS INTEGER) AS position, o.id AS id, source_file,
    source_line
FROM items;
