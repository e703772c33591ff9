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
    arg_max(duration_ms, reported_at) AS duration_ms,
    (md5_number(concat(lower(arg_max(artist_name, reported_at)), ':', lower(arg_max(name, reported_at)))) >> 66)::BIGINT
        AS name_key
FROM reported
GROUP BY item_key;
