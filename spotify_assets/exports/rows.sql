-- Rows of an export file as they came → `streams`, and `quarantined` with the reason.
--
-- Reads `received`: `position`, `problem` (what kept the element from being read) and each key that
-- is kept, as JSON; a list or an object stands there as `null`. Reads the variables
-- `file_id`, `package`, `is_video`, `source_file` and `imported_at`.

-- A value as text; null where it is nothing.
CREATE MACRO as_text(j) AS nullif(CAST(j AS JSON) ->> '$', '');

-- The rest take what is text by now.
CREATE MACRO without_nul(t) AS nullif(replace(t, chr(0), ''), '');

CREATE MACRO as_boolean(t) AS CASE lower(t)
    WHEN 'true' THEN true WHEN '1' THEN true
    WHEN 'false' THEN false WHEN '0' THEN false
END;

-- DuckDB reads a number too large as infinite, and some words as numbers.
CREATE MACRO as_number(t) AS nullif(nullif(nullif(
    TRY_CAST(t AS DOUBLE), CAST('inf' AS DOUBLE)), CAST('-inf' AS DOUBLE)), CAST('nan' AS DOUBLE));

-- A time in UTC. TIMESTAMP does not heed an offset and TIMESTAMPTZ wants seconds.
CREATE MACRO as_moment(t) AS CASE
    WHEN NOT regexp_full_match(
        t, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?'
    ) THEN NULL
    WHEN t[-1] = 'Z' THEN TRY_CAST(rtrim(t, 'Z') AS TIMESTAMP)
    WHEN NOT contains(t[17:], '+') AND NOT contains(t[17:], '-') THEN TRY_CAST(t AS TIMESTAMP)
    WHEN t[17] = ':' THEN timezone('UTC', TRY_CAST(t AS TIMESTAMPTZ))
    ELSE timezone('UTC', TRY_CAST(t[:16] || ':00' || t[17:] AS TIMESTAMPTZ))
END;

-- Devices write seconds, or milliseconds (above 1e11); anything else that is there is no time.
CREATE MACRO as_offline_moment(n) AS CASE
    WHEN n BETWEEN 1e9 AND 1e11 THEN make_timestamp(CAST(n * 1e6 AS BIGINT))
    WHEN n BETWEEN 1e11 AND 1e13 THEN make_timestamp(CAST(n * 1e3 AS BIGINT))
END;

-- A time that can be: Spotify began in 2006, and clocks are not wrong by more than a day.
CREATE MACRO is_possible(t) AS
    t BETWEEN TIMESTAMP '2006-01-01' AND getvariable('imported_at') + INTERVAL 1 DAY;

-- The steps are queries of their own: an alias that another uses would be computed for each use.
-- Grain: one element of the file's list.
CREATE TEMP VIEW typed AS
WITH
texts AS (
    SELECT
        position, problem,
        coalesce(ts, endTime) AS ended_json,
        coalesce(ms_played, msPlayed) AS ms_json,
        CASE WHEN ts IS NULL AND endTime IS NOT NULL THEN 'endTime' ELSE 'ts' END AS ended_key,
        CASE WHEN ms_played IS NULL AND msPlayed IS NOT NULL THEN 'msPlayed' ELSE 'ms_played' END
            AS ms_key,
        as_text(COLUMNS(* EXCLUDE (position, problem, ts, endTime, ms_played, msPlayed)))
    FROM received
),

named AS (
    SELECT
        position, problem, ended_json, ended_key, ms_json, ms_key,
        as_text(ended_json) AS ended_text,
        as_number(as_text(ms_json)) AS ms,
        without_nul(spotify_track_uri) AS track_uri,
        without_nul(spotify_episode_uri) AS episode_uri,
        without_nul(audiobook_chapter_uri) AS chapter_uri,
        without_nul(audiobook_uri) AS book_uri,
        without_nul(coalesce(master_metadata_track_name, trackName)) AS track,
        without_nul(coalesce(master_metadata_album_artist_name, artistName)) AS track_artist,
        without_nul(master_metadata_album_album_name) AS track_album,
        without_nul(coalesce(episode_name, episodeName)) AS episode,
        without_nul(coalesce(episode_show_name, podcastName)) AS show_name,
        without_nul(audiobook_chapter_title) AS chapter,
        without_nul(audiobook_title) AS book,
        without_nul(reason_start) AS reason_start,
        without_nul(reason_end) AS reason_end,
        as_boolean(shuffle) AS is_shuffle,
        as_boolean(skipped) AS is_skipped,
        as_boolean(offline) AS is_offline,
        as_boolean(incognito_mode) AS is_incognito,
        as_number(offline_timestamp) AS offline_number,
        without_nul(platform) AS platform,
        without_nul(conn_country) AS country
    FROM texts
),

timed AS (
    SELECT
        *,
        as_moment(ended_text) AS ended_at,
        as_offline_moment(offline_number) AS offline_moment,
        CASE
            WHEN coalesce(chapter_uri, book_uri, chapter, book) IS NOT NULL THEN 'audiobook'
            WHEN starts_with(track_uri, 'spotify:local:') THEN 'local_file'
            WHEN track_uri IS NOT NULL THEN 'music'
            WHEN coalesce(episode_uri, episode) IS NOT NULL THEN 'podcast'
            WHEN track IS NOT NULL AND getvariable('package') = 'extended' THEN 'local_file'
            WHEN track IS NOT NULL THEN 'music'
        END AS kind
    FROM named
)

SELECT
    *,
    CASE WHEN is_possible(offline_moment) THEN offline_moment END AS offline_at,
    CASE
        WHEN problem IS NOT NULL THEN problem
        WHEN ended_json IS NULL THEN 'ts: missing'
        WHEN ended_at IS NULL
        THEN ended_key || ': expected a time, got ' || left(ended_json, 80)
        WHEN NOT is_possible(ended_at)
        THEN ended_key || ': expected a time since 2006 that has come, got ' || left(ended_json, 80)
        WHEN ms_json IS NULL THEN 'ms_played: missing'
        WHEN ms IS NULL OR ms <> floor(ms)
        THEN ms_key || ': expected whole milliseconds, got ' || left(ms_json, 80)
        WHEN ms NOT BETWEEN 0 AND 86400000
        THEN ms_key || ': expected 0 ms to a day, got ' || left(ms_json, 80)
        WHEN kind IS NULL THEN 'names nothing that was played'
    END AS reason
FROM timed
-- Without it `WHERE reason IS NULL` would compute all of the above a second time.
LIMIT 1_000_000_000_000;

-- Grain: one row that can be read.
CREATE TEMP VIEW streams AS
SELECT
    CAST(getvariable('file_id') AS VARCHAR) AS file_id,
    position::INTEGER AS position,
    CAST(getvariable('package') AS VARCHAR) AS package,
    kind,
    CAST(getvariable('is_video') AS BOOLEAN) AS is_video,
    ended_at,
    CASE kind
        WHEN 'podcast' THEN episode_uri
        -- Of a chapter that has a name, the book's URI would make it the same as the others.
        WHEN 'audiobook' THEN coalesce(chapter_uri, if(chapter IS NULL, book_uri, NULL))
        ELSE track_uri
    END AS uri,
    CASE WHEN kind = 'music'
    THEN nullif(regexp_extract(track_uri, '^spotify:track:([0-9A-Za-z]{22})$', 1), '')
    END AS track_id,
    CASE kind WHEN 'podcast' THEN episode WHEN 'audiobook' THEN chapter ELSE track END AS name,
    CASE kind WHEN 'podcast' THEN show_name WHEN 'audiobook' THEN book ELSE track_artist END
        AS artist_name,
    CASE WHEN kind IN ('music', 'local_file') THEN track_album END AS album_name,
    CAST(ms AS BIGINT) AS ms_played,
    reason_start, reason_end, is_shuffle, is_skipped, is_offline, is_incognito, offline_at,
    platform, country
FROM typed
WHERE reason IS NULL;

-- Grain: one row that cannot be read. What it holds is not kept: it may be personal.
CREATE TEMP VIEW quarantined AS
SELECT
    'export' AS source,
    CAST(getvariable('source_file') AS VARCHAR) AS source_file,
    '/' || (position - 1) AS source_pointer,
    reason
FROM typed
WHERE reason IS NOT NULL;
