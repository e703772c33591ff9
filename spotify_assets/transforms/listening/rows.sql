-- Every readable row of every export file, with what it played as one text, and as a number.
CREATE TEMP VIEW export_rows AS
WITH named AS (
    SELECT
        s.*,
        f.file_number::BIGINT * 4294967296 + s.position AS row_id,
        CASE
            WHEN s.track_id IS NOT NULL THEN 'spotify:track:' || s.track_id
            WHEN s.kind = 'local_file'
                THEN concat('local:', s.artist_name, ':', s.album_name, ':', s.name)
            ELSE coalesce(s.uri, concat('name:', s.artist_name, ':', s.name))
        END AS item,
        -- Account data says nothing but names.
        (md5_number(concat(lower(s.artist_name), ':', lower(s.name))) >> 66)::BIGINT AS name_key
    FROM streams AS s
    JOIN import_files AS f USING (file_id)
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
