-- A genre's days as the search might have found them, the same in every run: each day so many
-- tracks of which `new_tracks` were not there the day before. One artist in ten is common to two
-- genres. `rankings` and `facts` are made of these tables by the project's own queries.

-- Grain: one track of a day.
CREATE OR REPLACE TEMP TABLE found AS
WITH numbered AS (
    SELECT
        getvariable('genre') AS genre,
        getvariable('first_date') + (day::INTEGER) AS date,
        place + 1 AS position,
        (getvariable('first_day') + day) * getvariable('new_tracks') + place AS number,
        (getvariable('first_day') + day) // 3 AS season
    FROM range(getvariable('days')) AS days(day)
    CROSS JOIN range(getvariable('tracks')) AS places(place)
), owned AS (
    SELECT
        *,
        number // 8 AS artist,
        -- Which genres share the artist, and all of the artist's tracks.
        if(
            number // 8 % 10 = 0,
            'two ' || getvariable('genre_number') // 2,
            'one ' || getvariable('genre_number')
        ) AS owner
    FROM numbered
)
SELECT
    *,
    left(md5(concat_ws(' ', 'track', owner, number)), 22) AS track_id,
    left(md5(concat_ws(' ', 'album', owner, number // 4)), 22) AS album_id,
    left(md5(concat_ws(' ', 'artist', owner, artist)), 22) AS artist_id
FROM owned;

CREATE OR REPLACE TABLE processed.tracks AS
SELECT
    genre, date, track_id, 'Track ' || number AS name, album_id,
    (hash(track_id, season) % 101)::INTEGER AS popularity,
    (120000 + hash(track_id) % 240000)::BIGINT AS duration_ms,
    hash(track_id) % 8 = 0 AS is_explicit, 1 AS disc_number, (number % 4 + 1)::INTEGER AS track_number,
    'BR' || upper(left(md5(track_id), 10)) AS isrc, true AS is_playable,
    'raw/catalog/0001.jsonl.zst' AS source_file, ((position - 1) // 50 + 2)::INTEGER AS source_line
FROM found;

-- A guest on every fourth track: the artist of the day's first track.
CREATE OR REPLACE TABLE processed.track_artists AS
WITH guests AS (
    SELECT date, arg_min(artist_id, position) AS guest_id FROM found GROUP BY date
)
SELECT
    genre, date, track_id, 1 AS position, artist_id, 'raw/catalog/0001.jsonl.zst' AS source_file,
    ((position - 1) // 50 + 2)::INTEGER AS source_line
FROM found
UNION ALL
SELECT
    genre, date, track_id, 2, guest_id, 'raw/catalog/0001.jsonl.zst',
    ((position - 1) // 50 + 2)::INTEGER
FROM found JOIN guests USING (date)
WHERE number % 4 = 0;

-- One artist in twenty changes its name once.
CREATE OR REPLACE TABLE processed.artists AS
SELECT
    genre, date, artist_id,
    'Artist ' || artist || if(artist % 20 = 0 AND date >= '2026-02-01', ' II', '') AS name,
    (hash(artist_id, any_value(season)) % 101)::INTEGER AS popularity,
    (hash(artist_id) % 1000000)::BIGINT AS followers, ['pop'] AS spotify_genres, true AS is_full,
    'raw/catalog/0001.jsonl.zst' AS source_file, 1 AS source_line
FROM found
GROUP BY genre, date, artist_id, artist;

CREATE OR REPLACE TABLE processed.albums AS
SELECT
    genre, date, album_id, 'Album ' || min(number) // 4 AS name, 'album' AS album_type,
    '2020-05' AS release_date, 'month' AS release_date_precision, DATE '2020-05-01' AS released_from,
    4 AS total_tracks, [any_value(artist_id)] AS artist_ids,
    'raw/catalog/0001.jsonl.zst' AS source_file, 2 AS source_line
FROM found
GROUP BY genre, date, album_id;

CREATE OR REPLACE TABLE processed.search_results AS
SELECT
    genre, date, 'track' AS kind, position::INTEGER AS position, track_id AS id,
    'raw/catalog/0001.jsonl.zst' AS source_file, ((position - 1) // 50 + 2)::INTEGER AS source_line
FROM found
UNION ALL
SELECT
    genre, date, 'artist',
    row_number() OVER (PARTITION BY date ORDER BY hash(artist_id))::INTEGER, artist_id,
    'raw/catalog/0001.jsonl.zst', 1
FROM processed.artists;

CREATE OR REPLACE TABLE quarantine.rows (
    genre VARCHAR, date DATE, table_name VARCHAR, source_file VARCHAR, source_line INTEGER,
    source_pointer VARCHAR, reason VARCHAR, record VARCHAR
);

CREATE OR REPLACE TABLE processed.reconciliation AS
WITH counted AS (
    SELECT genre, date, 'tracks' AS table_name FROM processed.tracks
    UNION ALL SELECT genre, date, 'artists' FROM processed.artists
    UNION ALL SELECT genre, date, 'albums' FROM processed.albums
    UNION ALL SELECT genre, date, 'track_artists' FROM processed.track_artists
    UNION ALL SELECT genre, date, 'search_results' FROM processed.search_results
)
SELECT
    genre, date, table_name, count(*) AS received, count(*) AS kept, 0::BIGINT AS duplicate,
    0::BIGINT AS quarantined
FROM counted
GROUP BY ALL;

CREATE OR REPLACE TABLE processed.extracts AS
SELECT
    genre, date, 'sandbox' AS source, 'BR' AS market, 1000 AS artists_wanted,
    1000 AS tracks_wanted, 1000 AS artists_asked, 1000 AS tracks_asked, 22 AS responses,
    0 AS refused_responses, 0 AS unreadable_responses, true AS is_complete,
    'raw/catalog/0001.jsonl.zst' AS source_file, 'bench' AS code_version
FROM found
GROUP BY genre, date;
