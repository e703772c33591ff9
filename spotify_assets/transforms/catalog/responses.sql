-- Responses → candidate rows, each with what is wrong with its types.
--
-- Reads the tables `pages` and `shape_problems` (pages.py), `containers` (shapes.py) and `sources`.
-- Every value stands there as JSON and gets its type here.

-- A value of the type, or null.
CREATE OR REPLACE MACRO as_text(j) AS CASE WHEN json_type(j) = 'VARCHAR' THEN j ->> '$' END;
-- JSON knows no integers: 85.0 and 8.5e1 are 85. Beyond 2^53 a float does not know its last digits.
CREATE OR REPLACE MACRO as_bigint(j) AS CASE
    WHEN json_type(j) IN ('UBIGINT', 'BIGINT') THEN TRY_CAST(j AS BIGINT)
    WHEN json_type(j) = 'DOUBLE' AND abs(TRY_CAST(j AS DOUBLE)) < 9007199254740992
        AND TRY_CAST(j AS DOUBLE) = trunc(TRY_CAST(j AS DOUBLE))
    THEN TRY_CAST(TRY_CAST(j AS DOUBLE) AS BIGINT)
END;
CREATE OR REPLACE MACRO as_integer(j) AS TRY_CAST(as_bigint(j) AS INTEGER);
CREATE OR REPLACE MACRO as_boolean(j) AS
    CASE WHEN json_type(j) = 'BOOLEAN' THEN CAST(j AS BOOLEAN) END;

-- A value as a message quotes it.
CREATE OR REPLACE MACRO shown(j) AS left(coalesce(CAST(j AS VARCHAR), 'null'), 80);

-- What is wrong with a value that is there and yet could not be read as its type; else null.
CREATE OR REPLACE MACRO misfit(field, j, value, expected) AS
    CASE WHEN value IS NULL AND j IS NOT NULL AND json_type(j) <> 'NULL'
    THEN field || ': expected ' || expected || ', got ' || shown(j) END;

-- Where an object is in its response; '' is the response itself.
CREATE OR REPLACE MACRO pointer(list_pointer, index, inner_pointer) AS
    CASE WHEN list_pointer = '' THEN '' ELSE list_pointer || '/' || index || inner_pointer END;

-- First day that a release date can mean; null where it is no date of its precision.
CREATE OR REPLACE MACRO released_from(value, accuracy) AS CASE
    WHEN value LIKE '0000%' THEN NULL
    WHEN accuracy = 'day' AND length(value) = 10 THEN TRY_CAST(value AS DATE)
    WHEN accuracy = 'month' AND length(value) = 7 THEN TRY_CAST(value || '-01' AS DATE)
    WHEN accuracy = 'year' AND length(value) = 4 THEN TRY_CAST(value || '-01-01' AS DATE)
END;

-- Grain: one list that a response should hold; of a search its page of a kind. The list is missing
-- too where the page is of other positions than were asked for.
CREATE OR REPLACE TEMP VIEW lists AS
SELECT
    p.* EXCLUDE (artists, tracks, albums, artist_page, track_page, album_page),
    c.kind, c.list_pointer,
    CASE c.kind WHEN 'artist' THEN len(p.artists) WHEN 'track' THEN len(p.tracks)
    ELSE len(p.albums) END AS items,
    CASE c.kind WHEN 'artist' THEN p.artist_page WHEN 'track' THEN p.track_page
    ELSE p.album_page END AS page,
    items IS NULL AS is_missing
FROM pages AS p
JOIN containers AS c USING (endpoint)
WHERE p.status = 200
    AND (p.kinds IS NULL OR list_contains(string_split(p.kinds, ','), c.kind));

-- Grain: one response that cannot be used: its body, or a list that it should hold, is no such
-- thing.
CREATE OR REPLACE TEMP TABLE unusable AS
SELECT
    genre, date, 'responses' AS table_name, source_file, source_line, '' AS source_pointer,
    raw_text AS record,
    CASE WHEN bytes = 0 THEN 'the body is empty'
    ELSE 'the body is not JSON (' || bytes || ' bytes); it was cut or is another format' END
        AS reason
FROM pages
WHERE status = 200 AND NOT is_readable
UNION ALL BY NAME
SELECT
    genre, date, 'responses' AS table_name, source_file, source_line,
    list_pointer AS source_pointer, '' AS record,
    concat_ws('; ',
        'expected a list of ' || kind || 's at ' || list_pointer || coalesce(' from offset ' || search_offset || ', limit ' || search_limit
            || ', found one from offset ' || page.offset || ', limit ' || page."limit",
            ', found none'), shape_problem) AS reason
FROM lists
LEFT JOIN (FROM shape_problems WHERE source_pointer = '') USING (source_file, source_line)
WHERE is_missing AND is_readable
ORDER BY genre, date, source_line, source_pointer;

-- Grain: one artist in a response.
CREATE OR REPLACE TEMP VIEW artist_items AS
SELECT * EXCLUDE (artists, tracks, albums, artist_page, track_page, album_page), unnest(artists) AS o,
    generate_subscripts(artists, 1) - 1 AS index
FROM pages;

-- Grain: one track in a response.
CREATE OR REPLACE TEMP VIEW track_items AS
SELECT * EXCLUDE (artists, tracks, albums, artist_page, track_page, album_page), unnest(tracks) AS o,
    generate_subscripts(tracks, 1) - 1 AS index
FROM pages;

-- Grain: one album of its own in a response.
CREATE OR REPLACE TEMP VIEW album_items AS
SELECT * EXCLUDE (artists, tracks, albums, artist_page, track_page, album_page), unnest(albums) AS o,
    generate_subscripts(albums, 1) - 1 AS index
FROM pages;

-- Grain: one artist object.
CREATE OR REPLACE TEMP TABLE artist_objects AS
SELECT
    genre, date, source_file, source_line, index,
    pointer(list_pointer, index, inner_pointer) AS source_pointer,
    endpoint = 'search' AS is_search, search_offset + index + 1 AS position,
    o.id AS artist_id,
    as_text(o.name) AS name,
    as_integer(o.popularity) AS popularity,
    as_bigint(o.followers.total) AS followers,
    CASE WHEN o.genres IS NOT NULL THEN list_transform(o.genres, lambda g: as_text(g)) END
        AS spotify_genres,
    concat_ws('; ',
        CASE WHEN o IS NULL THEN 'expected an artist, got null' END,
        misfit('name', o.name, as_text(o.name), 'text'),
        misfit('popularity', o.popularity, as_integer(o.popularity), 'a whole number'),
        misfit('followers', o.followers.total, as_bigint(o.followers.total), 'a whole number'),
        CASE WHEN len(list_filter(o.genres, lambda g: as_text(g) IS NULL)) > 0
        THEN 'genres: expected texts, got ' || shown(o.genres) END
    ) AS problems
FROM artist_items JOIN containers USING (endpoint) WHERE containers.kind = 'artist';

-- Grain: one track object, with the album in it.
CREATE OR REPLACE TEMP TABLE track_objects AS
SELECT
    genre, date, source_file, source_line, index,
    pointer(list_pointer, index, inner_pointer) AS source_pointer,
    endpoint = 'search' AS is_search, search_offset + index + 1 AS position,
    o.id AS track_id,
    as_text(o.name) AS name,
    o.album.id AS album_id,
    as_integer(o.popularity) AS popularity,
    as_bigint(o.duration_ms) AS duration_ms,
    as_boolean(o.explicit) AS is_explicit,
    as_integer(o.disc_number) AS disc_number,
    as_integer(o.track_number) AS track_number,
    as_text(o.external_ids.isrc) AS isrc,
    as_boolean(o.is_playable) AS is_playable,
    o.album AS album,
    o.artists AS artists,
    concat_ws('; ',
        CASE WHEN o IS NULL THEN 'expected a track, got null' END,
        misfit('name', o.name, as_text(o.name), 'text'),
        misfit('popularity', o.popularity, as_integer(o.popularity), 'a whole number'),
        misfit('duration_ms', o.duration_ms, as_bigint(o.duration_ms), 'a whole number'),
        misfit('explicit', o.explicit, as_boolean(o.explicit), 'true or false'),
        misfit('disc_number', o.disc_number, as_integer(o.disc_number), 'a whole number'),
        misfit('track_number', o.track_number, as_integer(o.track_number), 'a whole number'),
        misfit('isrc', o.external_ids.isrc, as_text(o.external_ids.isrc), 'text'),
        misfit('is_playable', o.is_playable, as_boolean(o.is_playable), 'true or false')
    ) AS problems
FROM track_items JOIN containers USING (endpoint) WHERE containers.kind = 'track';

-- Grain: one album object, of its own or in a track.
CREATE OR REPLACE TEMP TABLE album_objects AS
SELECT
    genre, date, source_file, source_line, source_pointer, index, is_search, position,
    o.id AS album_id,
    as_text(o.name) AS name,
    lower(o.album_type) AS album_type,
    as_text(o.release_date) AS release_date,
    lower(o.release_date_precision) AS release_date_precision,
    released_from(as_text(o.release_date), lower(o.release_date_precision)) AS released_from,
    as_integer(o.total_tracks) AS total_tracks,
    list_transform(o.artists, lambda a: a.id) AS artist_ids,
    o.artists AS artists,
    concat_ws('; ',
        CASE WHEN o IS NULL THEN 'expected an album, got null' END,
        misfit('name', o.name, as_text(o.name), 'text'),
        misfit('release_date', o.release_date, as_text(o.release_date), 'text'),
        misfit('total_tracks', o.total_tracks, as_integer(o.total_tracks), 'a whole number'),
        misfit('release_date', o.release_date,
            released_from(as_text(o.release_date), lower(o.release_date_precision)),
            'a date with precision ' || coalesce(o.release_date_precision, 'null'))
    ) AS problems
FROM (
    SELECT
        genre, date, source_file, source_line, pointer(list_pointer, index, inner_pointer) AS
        source_pointer, index, endpoint = 'search' AS is_search,
        search_offset + index + 1 AS position, o
    FROM album_items JOIN containers USING (endpoint) WHERE containers.kind = 'album'
    UNION ALL BY NAME
    SELECT
        genre, date, source_file, source_line, source_pointer || '/album' AS source_pointer, index,
        false AS is_search, album AS o
    FROM track_objects
    WHERE album IS NOT NULL
);

-- Grain: one credit of an artist on a track or an album; `track_id` is null for an album's.
CREATE OR REPLACE TEMP TABLE credits AS
SELECT
    genre, date, source_file, source_line, index, owner_pointer,
    owner_pointer || '/artists/' || (position - 1) AS source_pointer,
    track_id, position, a.id AS artist_id, as_text(a.name) AS name,
    concat_ws('; ',
        CASE WHEN a IS NULL THEN 'expected an artist, got null' END,
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

-- Grain: one artist object, or all credits of an artist in a file that say the same; `mentions`
-- counts them, and the first one is the source.
CREATE OR REPLACE TEMP VIEW artists AS
WITH said AS (
    SELECT
        genre, date, source_file, artist_id, name, problems, shape_problem, count(*) AS mentions,
        arg_min(
            {'source_line': source_line, 'index': index, 'source_pointer': source_pointer},
            {'source_line': source_line, 'index': index, 'source_pointer': source_pointer}
        ) AS first
    FROM credits LEFT JOIN shape_problems USING (source_file, source_line, source_pointer)
    -- What is broken is set aside one by one.
    GROUP BY genre, date, source_file, artist_id, name, problems, shape_problem,
        CASE WHEN problems <> '' OR shape_problem IS NOT NULL OR artist_id IS NULL
        OR name IS NULL THEN source_pointer || '@' || source_line END
)
SELECT * REPLACE (concat_ws('; ', shape_problem, nullif(problems, '')) AS problems)
FROM (
    FROM artist_objects LEFT JOIN shape_problems USING (source_file, source_line, source_pointer)
    SELECT *, true AS is_full, 1 AS mentions
    UNION ALL BY NAME
    FROM said SELECT * EXCLUDE (first), first.*, false AS is_full
)
ORDER BY genre, date, NOT is_full, source_line, index, source_pointer;

-- Grain: one mention of an album.
CREATE OR REPLACE TEMP VIEW albums AS
SELECT * EXCLUDE (artists)
    REPLACE (concat_ws('; ', shape_problem, nullif(problems, '')) AS problems)
FROM album_objects LEFT JOIN shape_problems USING (source_file, source_line, source_pointer)
ORDER BY genre, date, source_line, index, source_pointer;

-- Grain: one mention of a track.
CREATE OR REPLACE TEMP VIEW tracks AS
SELECT * EXCLUDE (album, artists)
    REPLACE (concat_ws('; ', shape_problem, nullif(problems, '')) AS problems)
FROM track_objects LEFT JOIN shape_problems USING (source_file, source_line, source_pointer)
ORDER BY genre, date, source_line, index, source_pointer;

-- Grain: one credit on one mention of a track.
CREATE OR REPLACE TEMP VIEW track_artists AS
SELECT * REPLACE (concat_ws('; ', shape_problem, nullif(problems, '')) AS problems)
FROM credits LEFT JOIN shape_problems USING (source_file, source_line, source_pointer)
WHERE track_id IS NOT NULL
ORDER BY genre, date, source_line, index, position;

-- Grain: one position of one page of a search. Of the object only the id is needed.
CREATE OR REPLACE TEMP VIEW search_results AS
SELECT
    genre, date, source_file, source_line, source_pointer, kind, position, id,
    CASE WHEN starts_with(problems, 'expected a') THEN problems
    WHEN starts_with(shape_problem, 'expected a') THEN shape_problem ELSE '' END AS problems
FROM (
    FROM artist_objects SELECT *, 'artist' AS kind, artist_id AS id
    UNION ALL BY NAME
    FROM track_objects SELECT * EXCLUDE (album, artists), 'track' AS kind, track_id AS id
    UNION ALL BY NAME
    FROM album_objects SELECT * EXCLUDE (artists), 'album' AS kind, album_id AS id
)
LEFT JOIN shape_problems USING (source_file, source_line, source_pointer)
WHERE is_search
ORDER BY genre, date, kind, source_line, index;

-- How deep a kind was searched: a page counts if its list came and no position before it is unknown.
-- Grain: one kind of a genre-day.
CREATE OR REPLACE TEMP VIEW depths AS
WITH answered AS (
    SELECT
        genre, date, source_file, kind, search_offset AS start, search_offset + search_limit AS past,
        coalesce(max(past) OVER (pages ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
            AS known
    FROM lists
    WHERE endpoint = 'search' AND NOT is_missing
    WINDOW pages AS (PARTITION BY source_file, kind ORDER BY start, past)
)
SELECT source_file, kind, max(past) AS depth
FROM (
    SELECT
        *,
        bool_and(start <= known) OVER (
            PARTITION BY source_file, kind ORDER BY start, past ROWS UNBOUNDED PRECEDING
        ) AS is_unbroken
    FROM answered
)
WHERE is_unbroken
GROUP BY source_file, kind;

-- Grain: one question that no answer is whole to; asked again it may have been answered.
CREATE OR REPLACE TEMP VIEW unanswered AS
SELECT genre, date, source_file, endpoint, params
FROM (
    SELECT
        genre, date, source_file, source_line, endpoint, params,
        bool_and(NOT is_missing AND coalesce(
            endpoint <> 'artists' OR items = len(string_split(params::JSON ->> '$.ids', ',')), true
        )) AS is_whole
    FROM lists
    GROUP BY ALL
)
GROUP BY ALL
HAVING NOT bool_or(is_whole);

-- Grain: the search of a genre-day for a kind that ended before it had what was wanted, though
-- further pages were promised: by `next`, by `total`, or because the last page is full. Three empty
-- pages in a row are the end whatever they promise; so is the 1000th position.
CREATE OR REPLACE TEMP VIEW ended_early AS
WITH answered AS (
    SELECT
        genre, date, source_file, kind, search_offset, max(search_limit) AS size,
        arg_max(items, source_line) AS items,
        arg_max(
            items >= search_limit OR coalesce(json_type(page.next) <> 'NULL', false) OR coalesce(
                json_type(page.total) IN ('UBIGINT', 'BIGINT', 'DOUBLE')
                AND TRY_CAST(page.total AS DOUBLE) > search_offset + search_limit, false),
            source_line) AS goes_on
    FROM lists
    WHERE endpoint = 'search' AND NOT is_missing
    GROUP BY ALL
), ends AS (
    SELECT
        genre, date, source_file, kind, arg_max(goes_on, search_offset) AS goes_on,
        arg_max(search_offset + 2 * size, search_offset) AS next_end,
        coalesce(list_sum(list(items ORDER BY search_offset DESC)[:3]), 0) AS last_items,
        count(*) AS pages
    FROM answered
    GROUP BY ALL
), shown AS (
    SELECT genre, date, source_file, kind, count(DISTINCT id) AS ids
    FROM (
        FROM artist_objects SELECT *, 'artist' AS kind, artist_id AS id
        UNION ALL BY NAME
        FROM track_objects SELECT * EXCLUDE (album, artists), 'track' AS kind, track_id AS id
    )
    WHERE is_search
    GROUP BY ALL
)
SELECT e.genre, e.date, e.source_file, e.kind
FROM ends AS e
JOIN sources AS s USING (genre, date, source_file)
LEFT JOIN shown USING (genre, date, source_file, kind)
WHERE e.goes_on AND e.next_end <= 1000 AND NOT (e.pages >= 3 AND e.last_items = 0)
    AND coalesce(ids, 0) < CASE e.kind WHEN 'artist' THEN least(s.artists_wanted, 1000)
        WHEN 'track' THEN least(s.tracks_wanted, 1000) ELSE 0 END;

-- Grain: one genre-day, also where nothing was answered.
CREATE OR REPLACE TEMP VIEW extracts AS
SELECT
    s.genre, s.date, s.source, s.market, s.artists_wanted, s.tracks_wanted,
    coalesce(any_value(artist.depth), 0) AS artists_asked,
    coalesce(any_value(track.depth), 0) AS tracks_asked,
    count(a.source_line) AS responses,
    count(*) FILTER (a.status <> 200) AS refused_responses,
    count(*) FILTER (a.status = 200 AND NOT a.is_readable) AS unreadable_responses,
    (s.genre, s.date, s.source_file) NOT IN (
        SELECT (genre, date, source_file) FROM unanswered
        UNION ALL SELECT (genre, date, source_file) FROM ended_early
    ) AS is_complete,
    s.source_file
FROM sources AS s
LEFT JOIN pages AS a USING (genre, date, source_file)
LEFT JOIN depths AS artist ON artist.source_file = s.source_file AND artist.kind = 'artist'
LEFT JOIN depths AS track ON track.source_file = s.source_file AND track.kind = 'track'
GROUP BY ALL
ORDER BY s.genre, s.date;
