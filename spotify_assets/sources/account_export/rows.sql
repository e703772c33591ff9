-- Raw rows of an export file (the Parquet file `received`) → `streams(received)`, and
-- `quarantined(received)` with the reason.
--
-- A raw row has its `position`, the `problem` that kept the element from being read, whether it has
-- the key `spotify_track_uri`, and each key that is kept, as text; the table `raw_rows` has these
-- columns and no row. Reads the variables `file_id`, `package`, `is_video`, `source_file`,
-- `imported_at` and `had_track_key`, which stands where a raw row does not say it.
-- Macros, because a view would be planned when it is made and again when it is read.

-- A time without an offset is UTC.
SET GLOBAL TimeZone = 'UTC';

-- A text without NUL; null where it is nothing.
CREATE MACRO filled(t) AS
    nullif(CASE WHEN contains(t, chr(0)) THEN replace(t, chr(0), '') ELSE t END, '');

-- Day; hours and minutes; seconds; offset.
CREATE MACRO time_pattern() AS '\s*(\d{4}-\d\d-\d\d)(?:[Tt]|\s+)(\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?'
    || '\s*([+-]\d\d(?::?\d\d)?)?\s*(?:[Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt])?\s*';

CREATE MACRO as_boolean(t) AS CASE lower(t)
    WHEN 'true' THEN true WHEN '1' THEN true
    WHEN 'false' THEN false WHEN '0' THEN false
END;

-- TIMESTAMPTZ heeds an offset and wants seconds; it would take a day or `infinity` too. Other tools
-- write a time in other ways: with words for UTC, a comma, blanks; the parts are put together anew.
CREATE MACRO as_moment(t) AS date_trunc('second', timezone('UTC', CASE
    WHEN regexp_full_match(
        t, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?'
    ) THEN TRY_CAST(t AS TIMESTAMPTZ)
    WHEN regexp_full_match(t, time_pattern()) THEN TRY_CAST(concat(
        regexp_extract(t, time_pattern(), 1), ' ',
        regexp_extract(t, time_pattern(), 2),
        coalesce(nullif(regexp_extract(t, time_pattern(), 3), ''), ':00'),
        coalesce(nullif(regexp_extract(t, time_pattern(), 4), ''), '+00')
    ) AS TIMESTAMPTZ)
END));

-- Devices write seconds, or milliseconds (above 1e11); anything else that is there is no time.
CREATE MACRO as_offline_moment(n) AS CASE
    WHEN n BETWEEN 1e9 AND 1e11 THEN make_timestamp(CAST(n * 1e6 AS BIGINT))
    WHEN n BETWEEN 1e11 AND 1e13 THEN make_timestamp(CAST(n * 1e3 AS BIGINT))
END;

-- A time that can be: Spotify began in 2006, and clocks are not wrong by more than a day.
CREATE MACRO is_possible(t) AS
    t BETWEEN TIMESTAMP '2006-01-01'
    AND CAST(getvariable('imported_at') AS TIMESTAMP) + INTERVAL 1 DAY;

-- The steps are queries of their own: an alias that another uses would be computed for each use.
-- Grain: one element of the file's list.
CREATE MACRO typed(received) AS TABLE
WITH
raw AS (
    FROM raw_rows
    UNION ALL BY NAME
    -- The id in the name of the folder may look like a number.
    FROM read_parquet(received, hive_partitioning = false)
),

texts AS (
    SELECT
        position, problem, has_track_key,
        filled(COLUMNS(* EXCLUDE (position, problem, has_track_key)))
    FROM raw
),

named AS (
    SELECT
        position, problem, account,
        coalesce(has_track_key, getvariable('had_track_key')) AS has_track_key,
        reason_start, reason_end, platform,
        coalesce(ts, endTime) AS ended_text,
        coalesce(ms_played, msPlayed) AS ms_text,
        if(ts IS NULL AND endTime IS NOT NULL, 'endTime', 'ts') AS ended_key,
        if(ms_played IS NULL AND msPlayed IS NOT NULL, 'msPlayed', 'ms_played') AS ms_key,
        spotify_track_uri AS track_uri,
        spotify_episode_uri AS episode_uri,
        audiobook_chapter_uri AS chapter_uri,
        audiobook_uri AS book_uri,
        coalesce(master_metadata_track_name, trackName) AS track,
        coalesce(master_metadata_album_artist_name, artistName) AS track_artist,
        master_metadata_album_album_name AS track_album,
        coalesce(episode_name, episodeName) AS episode,
        coalesce(episode_show_name, podcastName) AS show_name,
        coalesce(audiobook_chapter_title, chapterName) AS chapter,
        coalesce(audiobook_title, audiobookName) AS book,
        as_boolean(shuffle) AS is_shuffle,
        as_boolean(skipped) AS is_skipped,
        as_boolean(offline) AS is_offline,
        as_boolean(incognito_mode) AS is_incognito,
        TRY_CAST(offline_timestamp AS DOUBLE) AS offline_number,
        conn_country AS country
    FROM texts
),

timed AS (
    SELECT
        *,
        as_moment(ended_text) AS ended_at,
        TRY_CAST(ms_text AS DOUBLE) AS ms,
        as_offline_moment(offline_number) AS offline_moment,
        CASE
            WHEN coalesce(chapter_uri, book_uri, chapter, book) IS NOT NULL THEN 'audiobook'
            WHEN starts_with(track_uri, 'spotify:local:') THEN 'local_file'
            WHEN track_uri IS NOT NULL THEN 'music'
            WHEN coalesce(episode_uri, episode) IS NOT NULL THEN 'podcast'
            WHEN track IS NOT NULL AND getvariable('package') = 'extended' AND has_track_key
            THEN 'local_file'
            WHEN track IS NOT NULL THEN 'music'
        END AS kind
    FROM named
)

SELECT
    *,
    CASE WHEN is_possible(offline_moment) THEN offline_moment END AS offline_at,
    CASE
        WHEN problem IS NOT NULL THEN problem
        WHEN ended_text IS NULL THEN 'ts: missing'
        WHEN ended_at IS NULL
        THEN ended_key || ': expected a time, got ' || left(ended_text, 80)
        WHEN NOT is_possible(ended_at)
        THEN ended_key || ': expected a time since 2006 that has come, got ' || left(ended_text, 80)
        WHEN ms_text IS NULL THEN 'ms_played: missing'
        -- DuckDB takes some words for numbers, and a number too large for infinite.
        WHEN ms IS NULL OR NOT isfinite(ms) OR ms <> floor(ms)
        THEN ms_key || ': expected whole milliseconds, got ' || left(ms_text, 80)
        WHEN ms NOT BETWEEN 0 AND 86400000
        THEN ms_key || ': expected 0 ms to a day, got ' || left(ms_text, 80)
        WHEN kind IS NULL THEN 'names nothing that was played'
    END AS reason
FROM timed
-- Without it `WHERE reason IS NULL` would compute all of the above a second time.
LIMIT 1_000_000_000_000;

-- Grain: one row that can be read.
CREATE MACRO streams(received) AS TABLE
SELECT
    CAST(getvariable('file_id') AS VARCHAR) AS file_id,
    position::INTEGER AS position,
    CAST(getvariable('package') AS VARCHAR) AS package,
    kind,
    CAST(getvariable('is_video') AS BOOLEAN) AS is_video,
    account,
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
FROM typed(received)
WHERE reason IS NULL;

-- Grain: one row that cannot be read. What it holds is not kept: it may be personal.
CREATE MACRO quarantined(received) AS TABLE
SELECT
    'export' AS source,
    CAST(getvariable('source_file') AS VARCHAR) AS source_file,
    '/' || (position - 1) AS source_pointer,
    reason
FROM typed(received)
WHERE reason IS NOT NULL;
