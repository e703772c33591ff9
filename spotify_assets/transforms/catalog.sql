-- Raw responses → candidate rows, each with what is wrong with its types.
--
-- Reads the sealed raw files in `getvariable('files')` and the table `sources`
-- (file, genre, date, source_file and the terms of the collection). Every value is read as JSON and typed here: DuckDB's own typed
-- reading rounds 5.7 to 6 and takes "66" for 66 without a word.

-- A value of the type, or null.
CREATE OR REPLACE MACRO as_text(j) AS CASE WHEN json_type(j) = 'VARCHAR' THEN j ->> '$' END;
CREATE OR REPLACE MACRO as_integer(j) AS
    CASE WHEN json_type(j) IN ('UBIGINT', 'BIGINT') THEN TRY_CAST(j AS INTEGER) END;
CREATE OR REPLACE MACRO as_bigint(j) AS
    CASE WHEN json_type(j) IN ('UBIGINT', 'BIGINT') THEN TRY_CAST(j AS BIGINT) END;
CREATE OR REPLACE MACRO as_boolean(j) AS
    CASE WHEN json_type(j) = 'BOOLEAN' THEN CAST(j AS BOOLEAN) END;

-- A value as a message quotes it.
CREATE OR REPLACE MACRO shown(j) AS left(coalesce(CAST(j AS VARCHAR), 'null'), 80);

-- What is wrong with a value that is there and yet could not be read as its type; else null.
CREATE OR REPLACE MACRO misfit(field, j, value, expected) AS
    CASE WHEN value IS NULL AND j IS NOT NULL AND json_type(j) <> 'NULL'
    THEN field || ': expected ' || expected || ', got ' || shown(j) END;

-- What is wrong with a part of an object that should be a `type`; else null. Reading it as that type
-- gives nulls, so it is only looked at where there are some.
CREATE OR REPLACE MACRO misshapen(field, object, type) AS
    CASE WHEN coalesce(json_type(object, '$.' || field), 'NULL') NOT IN (type, 'NULL')
    THEN field || ': expected ' || CASE type WHEN 'ARRAY' THEN 'a list' ELSE 'an object' END
        || ', got ' || shown(json_extract(object, '$.' || field)) END;
CREATE OR REPLACE MACRO no_object(object, what) AS
    CASE WHEN coalesce(json_type(object), 'NULL') <> 'OBJECT'
    THEN 'expected ' || what || ', got ' || shown(object) END;

-- First day that a release date can mean; null where it is no date of its precision.
CREATE OR REPLACE MACRO released_from(value, accuracy) AS CASE
    WHEN value LIKE '0000%' THEN NULL
    WHEN accuracy = 'day' AND length(value) = 10 THEN TRY_CAST(value AS DATE)
    WHEN accuracy = 'month' AND length(value) = 7 THEN TRY_CAST(value || '-01' AS DATE)
    WHEN accuracy = 'year' AND length(value) = 4 THEN TRY_CAST(value || '-01-01' AS DATE)
END;

-- Where each endpoint keeps the objects of a kind. `inner`: the object is wrapped once more.
CREATE OR REPLACE TEMP TABLE containers AS
FROM (VALUES
    ('search', 'artist', '$.artists.items', ''),
    ('search', 'track', '$.tracks.items', ''),
    ('search', 'album', '$.albums.items', ''),
    ('artists', 'artist', '$.artists', ''),
    ('artist', 'artist', '$', ''),
    ('top_artists', 'artist', '$.items', ''),
    ('artist_albums', 'album', '$.items', ''),
    ('albums', 'album', '$.albums', ''),
    ('album', 'album', '$', ''),
    ('album', 'track', '$.tracks.items', ''),
    ('album_tracks', 'track', '$.items', ''),
    ('artist_top_tracks', 'track', '$.tracks', ''),
    ('tracks', 'track', '$.tracks', ''),
    ('track', 'track', '$', ''),
    ('top_tracks', 'track', '$.items', ''),
    ('saved_tracks', 'track', '$.items', '/track'),
    ('recently_played', 'track', '$.items', '/track'),
    ('playlist_items', 'track', '$.items', '/track')
) AS t (endpoint, kind, path, inner_pointer);

-- Grain: one response.
CREATE OR REPLACE TEMP VIEW responses AS
SELECT
    s.genre, s.date, s.source_file, r.seq AS source_line, r.endpoint, r.status, r.bytes,
    r.params ->> '$.type' AS kinds,
    CAST(r.params ->> '$.offset' AS INTEGER) AS search_offset,
    CAST(r.params ->> '$.limit' AS INTEGER) AS search_limit,
    coalesce(r.body, CASE WHEN json_valid(r.text) THEN CAST(r.text AS JSON) END) AS body,
    coalesce(r.text, 'base64:' || r.base64) AS raw_text
FROM read_json(
    getvariable('files'),
    format = 'newline_delimited', filename = 'file', maximum_object_size = 268435456,
    columns = {
        seq: 'INTEGER', endpoint: 'VARCHAR', params: 'JSON', status: 'INTEGER', bytes: 'BIGINT',
        body: 'JSON', text: 'VARCHAR', base64: 'VARCHAR'
    }
) AS r
JOIN sources AS s USING (file);

-- Grain: one list of objects in a readable response.
CREATE OR REPLACE TEMP VIEW lists AS
SELECT
    r.* EXCLUDE (body, raw_text), c.kind, c.inner_pointer,
    CASE c.path WHEN '$' THEN '' ELSE replace(c.path[2:], '.', '/') END AS list_pointer,
    json_extract(r.body, c.path) AS list,
    c.path = '$' AS is_single
FROM responses AS r
JOIN containers AS c ON c.endpoint = r.endpoint
WHERE r.status = 200 AND r.body IS NOT NULL
    AND (r.kinds IS NULL OR list_contains(string_split(r.kinds, ','), c.kind));

-- Grain: one object in a response.
CREATE OR REPLACE TEMP VIEW objects AS
SELECT
    * EXCLUDE (items, item, inner_pointer, list_pointer, is_single),
    CASE WHEN inner_pointer = '' THEN item ELSE json_extract(item, inner_pointer) END AS item,
    CASE WHEN is_single THEN '' ELSE list_pointer || '/' || index || inner_pointer END
        AS source_pointer
FROM (
    SELECT *, unnest(items) AS item, generate_subscripts(items, 1) - 1 AS index
    FROM (
        SELECT
            * EXCLUDE (list),
            CASE WHEN is_single THEN [list]
            WHEN json_type(list) = 'ARRAY' THEN json_transform(list, '["JSON"]') END AS items
        FROM lists
    )
);

-- Grain: one response that cannot be used: its body, or a list that it should hold, is no such
-- thing.
CREATE OR REPLACE TEMP TABLE unusable AS
SELECT
    genre, date, 'responses' AS table_name, source_file, source_line, '' AS source_pointer, coalesce(raw_text, '') AS record,
    CASE WHEN bytes = 0 THEN 'the body is empty'
    ELSE 'the body is not JSON (' || bytes || ' bytes); it was cut or is another format' END
        AS reason,
FROM responses
WHERE status = 200 AND body IS NULL
UNION ALL BY NAME
SELECT
    genre, date, 'responses' AS table_name, source_file, source_line, list_pointer AS source_pointer,
    coalesce(left(CAST(list AS VARCHAR), 200), 'null') AS record,
    'expected a list of ' || kind || 's at ' || list_pointer || ', found '
    || coalesce(lower(json_type(list)), 'nothing') AS reason
FROM lists
WHERE NOT is_single AND coalesce(json_type(list), '') <> 'ARRAY';

-- Grain: one response.
CREATE OR REPLACE TEMP TABLE answers AS
SELECT
    genre, date, source_file, source_line, endpoint, status, kinds, search_offset, search_limit,
    body IS NOT NULL AS is_readable
FROM responses;

-- Grain: one artist object.
CREATE OR REPLACE TEMP TABLE artist_objects AS
SELECT
    genre, date, source_file, source_line, source_pointer, index,
    endpoint = 'search' AS is_search, search_offset + index + 1 AS position,
    as_text(o.id) AS artist_id,
    as_text(o.name) AS name,
    as_integer(o.popularity) AS popularity,
    as_bigint(o.followers.total) AS followers,
    CASE WHEN o.genres IS NOT NULL THEN list_transform(o.genres, lambda g: as_text(g)) END
        AS spotify_genres,
    concat_ws('; ',
        CASE WHEN o.id IS NULL THEN no_object(item, 'an artist') END,
        misfit('id', o.id, as_text(o.id), 'text'),
        misfit('name', o.name, as_text(o.name), 'text'),
        misfit('popularity', o.popularity, as_integer(o.popularity), 'a whole number'),
        misfit('followers', o.followers.total, as_bigint(o.followers.total), 'a whole number'),
        CASE WHEN o.followers.total IS NULL THEN misshapen('followers', item, 'OBJECT') END,
        CASE WHEN o.genres IS NULL THEN misshapen('genres', item, 'ARRAY') END,
        CASE WHEN len(list_filter(o.genres, lambda g: as_text(g) IS NULL)) > 0
        THEN 'genres: expected texts, got ' || shown(o.genres) END
    ) AS problems
FROM (
    SELECT *, json_transform(item, '{
        "id": "JSON", "name": "JSON", "popularity": "JSON", "followers": {"total": "JSON"},
        "genres": ["JSON"]
    }') AS o
    FROM objects
    WHERE kind = 'artist'
);

-- Grain: one track object, with the album in it.
CREATE OR REPLACE TEMP TABLE track_objects AS
SELECT
    genre, date, source_file, source_line, source_pointer, index,
    endpoint = 'search' AS is_search, search_offset + index + 1 AS position,
    as_text(o.id) AS track_id,
    as_text(o.name) AS name,
    as_text(o.album.id) AS album_id,
    as_integer(o.popularity) AS popularity,
    as_bigint(o.duration_ms) AS duration_ms,
    as_boolean(o.explicit) AS is_explicit,
    as_integer(o.disc_number) AS disc_number,
    as_integer(o.track_number) AS track_number,
    as_text(o.external_ids.isrc) AS isrc,
    as_boolean(o.is_playable) AS is_playable,
    o.album AS album,
    o.album.id IS NOT NULL OR json_type(item, '$.album') = 'OBJECT' AS has_album,
    o.artists AS artists,
    concat_ws('; ',
        CASE WHEN o.id IS NULL THEN no_object(item, 'a track') END,
        misfit('id', o.id, as_text(o.id), 'text'),
        misfit('name', o.name, as_text(o.name), 'text'),
        misfit('popularity', o.popularity, as_integer(o.popularity), 'a whole number'),
        misfit('duration_ms', o.duration_ms, as_bigint(o.duration_ms), 'a whole number'),
        misfit('explicit', o.explicit, as_boolean(o.explicit), 'true or false'),
        misfit('disc_number', o.disc_number, as_integer(o.disc_number), 'a whole number'),
        misfit('track_number', o.track_number, as_integer(o.track_number), 'a whole number'),
        misfit('isrc', o.external_ids.isrc, as_text(o.external_ids.isrc), 'text'),
        misfit('is_playable', o.is_playable, as_boolean(o.is_playable), 'true or false'),
        CASE WHEN o.external_ids.isrc IS NULL THEN misshapen('external_ids', item, 'OBJECT') END,
        CASE WHEN o.album.id IS NULL THEN misshapen('album', item, 'OBJECT') END,
        CASE WHEN o.artists IS NULL THEN misshapen('artists', item, 'ARRAY') END
    ) AS problems
FROM (
    SELECT *, json_transform(item, '{
        "id": "JSON", "name": "JSON", "popularity": "JSON", "duration_ms": "JSON",
        "explicit": "JSON", "disc_number": "JSON", "track_number": "JSON", "is_playable": "JSON",
        "external_ids": {"isrc": "JSON"}, "artists": [{"id": "JSON", "name": "JSON"}],
        "album": {
            "id": "JSON", "name": "JSON", "album_type": "JSON", "release_date": "JSON",
            "release_date_precision": "JSON", "total_tracks": "JSON",
            "artists": [{"id": "JSON", "name": "JSON"}]
        }
    }') AS o
    FROM objects
    WHERE kind = 'track'
);

-- Grain: one album object, of its own or in a track.
CREATE OR REPLACE TEMP TABLE album_objects AS
SELECT
    genre, date, source_file, source_line, source_pointer, index, is_search, position,
    as_text(o.id) AS album_id,
    as_text(o.name) AS name,
    as_text(o.album_type) AS album_type,
    as_text(o.release_date) AS release_date,
    as_text(o.release_date_precision) AS release_date_precision,
    released_from(as_text(o.release_date), as_text(o.release_date_precision)) AS released_from,
    as_integer(o.total_tracks) AS total_tracks,
    list_transform(o.artists, lambda a: as_text(a.id)) AS artist_ids,
    o.artists AS artists,
    concat_ws('; ',
        CASE WHEN o.id IS NULL AND NOT is_embedded THEN no_object(item, 'an album') END,
        misfit('id', o.id, as_text(o.id), 'text'),
        misfit('name', o.name, as_text(o.name), 'text'),
        misfit('album_type', o.album_type, as_text(o.album_type), 'text'),
        misfit('release_date', o.release_date, as_text(o.release_date), 'text'),
        misfit('release_date_precision', o.release_date_precision,
            as_text(o.release_date_precision), 'text'),
        misfit('total_tracks', o.total_tracks, as_integer(o.total_tracks), 'a whole number'),
        misfit('release_date', o.release_date,
            released_from(as_text(o.release_date), as_text(o.release_date_precision)),
            'a date with precision ' || coalesce(CAST(o.release_date_precision AS VARCHAR), 'null'))
    ) AS problems
FROM (
    SELECT
        genre, date, source_file, source_line, source_pointer, index,
        endpoint = 'search' AS is_search, search_offset + index + 1 AS position, item, false AS is_embedded,
        json_transform(item, '{
            "id": "JSON", "name": "JSON", "album_type": "JSON", "release_date": "JSON",
            "release_date_precision": "JSON", "total_tracks": "JSON",
            "artists": [{"id": "JSON", "name": "JSON"}]
        }') AS o
    FROM objects
    WHERE kind = 'album'
    UNION ALL BY NAME
    SELECT
        genre, date, source_file, source_line, source_pointer || '/album' AS source_pointer, index,
        false AS is_search, album AS o, true AS is_embedded
    FROM track_objects
    WHERE has_album
);

-- Grain: one credit of an artist on a track or an album; `track_id` is null for an album's.
CREATE OR REPLACE TEMP TABLE credits AS
SELECT
    genre, date, source_file, source_line, index, owner_pointer,
    owner_pointer || '/artists/' || (position - 1) AS source_pointer,
    track_id, position, as_text(a.id) AS artist_id, as_text(a.name) AS name,
    concat_ws('; ',
        CASE WHEN a IS NULL THEN 'expected an artist, got null' END,
        misfit('id', a.id, as_text(a.id), 'text'),
        misfit('name', a.name, as_text(a.name), 'text')
    ) AS problems
FROM (
    SELECT
        genre, date, source_file, source_line, index, source_pointer AS owner_pointer, track_id,
        unnest(artists) AS a, CAST(generate_subscripts(artists, 1) AS INTEGER) AS position
    FROM track_objects
    UNION ALL BY NAME
    SELECT
        genre, date, source_file, source_line, index, source_pointer AS owner_pointer,
        unnest(artists) AS a, CAST(generate_subscripts(artists, 1) AS INTEGER) AS position
    FROM album_objects
);

-- The candidate rows of each table. Ordered as the rows came, because the first mention of a key is
-- the one that is kept; of an artist, the full object before a credit.

-- Grain: one mention of an artist.
CREATE OR REPLACE TEMP VIEW artists AS
FROM (
    FROM artist_objects SELECT *, true AS is_full
    UNION ALL BY NAME
    FROM credits SELECT * EXCLUDE (position), false AS is_full
)
ORDER BY genre, date, NOT is_full, source_line, index, source_pointer;

-- Grain: one mention of an album.
CREATE OR REPLACE TEMP VIEW albums AS
FROM album_objects ORDER BY genre, date, source_line, index, source_pointer;

-- Grain: one mention of a track.
CREATE OR REPLACE TEMP VIEW tracks AS
FROM track_objects ORDER BY genre, date, source_line, index, source_pointer;

-- Grain: one credit on one mention of a track.
CREATE OR REPLACE TEMP VIEW track_artists AS
FROM credits WHERE track_id IS NOT NULL ORDER BY genre, date, source_line, index, position;

-- Grain: one position of one page of a search. Of the object only the id is needed.
CREATE OR REPLACE TEMP VIEW search_results AS
SELECT
    genre, date, source_file, source_line, source_pointer, kind, position, id,
    CASE WHEN starts_with(problems, 'expected a') THEN problems ELSE '' END AS problems
FROM (
    FROM artist_objects SELECT *, 'artist' AS kind, artist_id AS id
    UNION ALL BY NAME
    FROM track_objects SELECT *, 'track' AS kind, track_id AS id
    UNION ALL BY NAME
    FROM album_objects SELECT * EXCLUDE (artists), 'album' AS kind, album_id AS id
)
WHERE is_search
ORDER BY genre, date, kind, source_line, index;

-- Grain: one genre-day, also where nothing was answered.
CREATE OR REPLACE TEMP VIEW collections AS
SELECT
    s.genre, s.date, s.source, s.market, s.artists_wanted, s.tracks_wanted,
    coalesce(max(search_offset + search_limit)
        FILTER (status = 200 AND contains(kinds, 'artist')), 0) AS artists_asked,
    coalesce(max(search_offset + search_limit)
        FILTER (status = 200 AND contains(kinds, 'track')), 0) AS tracks_asked,
    count(a.source_line) AS responses,
    count(*) FILTER (a.status <> 200) AS refused_responses,
    count(*) FILTER (a.status = 200 AND NOT a.is_readable) AS unreadable_responses,
    s.source_file
FROM sources AS s LEFT JOIN answers AS a USING (genre, date, source_file)
GROUP BY ALL
ORDER BY s.genre, s.date;
