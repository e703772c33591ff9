-- Every readable row of every export file, with its names as a number.
CREATE TEMP VIEW told AS
SELECT
    s.*,
    f.file_number::BIGINT * 4294967296 + s.position AS row_id,
    CASE WHEN s.track_id IS NOT NULL THEN 'spotify:track:' || s.track_id ELSE s.uri END AS known_uri,
    -- Account data says nothing but names.
    (md5_number(concat(lower(s.artist_name), ':', lower(s.name))) >> 66)::BIGINT AS name_key
FROM streams AS s
JOIN import_files AS f USING (file_id);

-- Which URI a row without one means, as those of 2020 are: that of the same kind and names; of
-- several the one that most rows tell of. Music of account data is looked up later.
-- Grain: one kind and pair of names.
CREATE TEMP TABLE meant_uri AS
WITH without AS (
    SELECT DISTINCT kind, name_key
    FROM told
    WHERE known_uri IS NULL
        AND name IS NOT NULL
        AND kind <> 'local_file'
        AND (package = 'extended' OR kind <> 'music')
),
known AS (
    SELECT t.kind, t.name_key, t.known_uri, count(*) AS times
    FROM told AS t
    SEMI JOIN without AS w ON w.kind = t.kind AND w.name_key = t.name_key
    WHERE t.known_uri IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT 'music', name_key, item, times FROM reported_items
)
SELECT kind, name_key, arg_max(known_uri, {times: times, uri: known_uri}) AS known_uri
FROM (SELECT kind, name_key, known_uri, sum(times) AS times FROM known GROUP BY ALL)
GROUP BY ALL;

-- The same rows, with what each played as one text, and as a number.
CREATE TEMP VIEW export_rows AS
WITH meaning AS (
    SELECT t.*, CASE
        WHEN t.package = 'account' AND t.kind = 'music' THEN NULL
        WHEN t.kind = 'local_file' THEN NULL
        ELSE m.known_uri
    END AS meant_uri
    FROM told AS t
    LEFT JOIN meant_uri AS m ON m.kind = t.kind AND m.name_key = t.name_key AND t.known_uri IS NULL
),
named AS (
    SELECT
        * EXCLUDE (known_uri, meant_uri) REPLACE (coalesce(
            track_id,
            nullif(regexp_extract(meant_uri, '^spotify:track:([0-9A-Za-z]{22})$', 1), '')
        ) AS track_id),
        CASE
            WHEN kind = 'local_file' THEN concat('local:', artist_name, ':', album_name, ':', name)
            ELSE coalesce(known_uri, meant_uri, concat('name:', artist_name, ':', name))
        END AS item
    FROM meaning
)
SELECT *, (md5_number(item) >> 66)::BIGINT AS item_key FROM named;

-- Account data gives files of the listener's own no name.
CREATE TEMP TABLE unnamed AS
SELECT (md5_number('unknown artist:unknown track') >> 66)::BIGINT AS name_key;

-- What each item is called in the exports; the latest row says it.
-- Grain: one item and one pair of names.
CREATE TEMP TABLE export_items AS
SELECT
    item_key,
    name_key,
    any_value(item) AS item,
    any_value(kind) AS kind,
    any_value(track_id) AS track_id,
    max(ended_at) AS last_at,
    count(*) AS times,
    arg_max(name, ended_at) AS name,
    arg_max(artist_name, ended_at) AS artist_name,
    arg_max(album_name, ended_at) AS album_name
FROM export_rows
GROUP BY item_key, name_key;
