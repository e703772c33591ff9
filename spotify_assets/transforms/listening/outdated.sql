-- How many played tracks `star.dim_item` describes otherwise than the catalog and the API's reports
-- do now, as `items` would. What neither knows, comes from an export, which does not change.
-- Grain: the file.
WITH reported AS (
    SELECT
        track_id,
        last.artist_id AS artist_id,
        last.artist_name AS artist_name,
        last.album_name AS album_name,
        isrc,
        duration_ms
    FROM (
        SELECT
            track_id,
            arg_max(p, (reported_at, played_at)) AS last,
            arg_max(isrc, (reported_at, played_at)) AS isrc,
            arg_max(duration_ms, (reported_at, played_at)) AS duration_ms
        FROM (
            FROM processed.plays
            QUALIFY row_number() OVER (PARTITION BY played_at, track_id ORDER BY reported_at) = 1
        ) AS p
        GROUP BY track_id
    )
)
SELECT count(*)
FROM star.dim_item AS i
LEFT JOIN star.dim_track AS t ON t.track_id = i.track_id AND t.is_current
LEFT JOIN star.bridge_track_artist AS b ON b.track_id = t.track_id AND b.position = 1
LEFT JOIN star.dim_artist AS a ON a.artist_id = b.artist_id AND a.is_current
LEFT JOIN star.dim_album AS l ON l.album_id = t.album_id
LEFT JOIN reported AS r ON r.track_id = i.track_id
WHERE (t.track_id IS NOT NULL) <> (i.known_from = 'catalog')
    OR (
        i.known_from = 'catalog'
        AND (
            t.name <> i.name
            -- No export has these: what the catalog has no longer, is gone here too.
            OR coalesce(a.artist_id, r.artist_id) IS DISTINCT FROM i.artist_id
            OR coalesce(t.isrc, r.isrc) IS DISTINCT FROM i.isrc
            OR coalesce(t.duration_ms, r.duration_ms) IS DISTINCT FROM i.duration_ms
            OR coalesce(a.name, r.artist_name, i.artist_name) IS DISTINCT FROM i.artist_name
            OR coalesce(l.name, r.album_name, i.album_name) IS DISTINCT FROM i.album_name
        )
    )
