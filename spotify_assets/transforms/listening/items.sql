-- Everything that was played, by the best that is known: the catalogue's current version, then the
-- API's report, then the export. Grain: one item.
CREATE TEMP TABLE items AS
WITH exports AS (
    SELECT * FROM export_items
    QUALIFY row_number() OVER (PARTITION BY item_key ORDER BY last_at DESC, name_key) = 1
),
catalogue AS (
    SELECT
        t.track_id,
        t.name,
        t.isrc,
        t.duration_ms,
        a.artist_id,
        a.name AS artist_name,
        l.name AS album_name
    FROM star.dim_track AS t
    LEFT JOIN star.bridge_track_artist AS b ON b.track_id = t.track_id AND b.position = 1
    LEFT JOIN star.dim_artist AS a ON a.artist_id = b.artist_id AND a.is_current
    LEFT JOIN star.dim_album AS l ON l.album_id = t.album_id
    WHERE t.is_current
),
known AS (
    SELECT
        coalesce(e.item_key, r.item_key) AS item_key,
        coalesce(e.item, r.item) AS item,
        coalesce(e.kind, 'music') AS kind,
        coalesce(e.track_id, r.track_id) AS track_id,
        r.item_key IS NOT NULL AS is_reported,
        e, r
    FROM exports AS e
    FULL JOIN reported_items AS r ON r.item_key = e.item_key
)
SELECT
    k.item_key,
    k.item,
    k.kind,
    k.track_id,
    coalesce(c.isrc, k.r.isrc) AS isrc,
    coalesce(c.isrc, k.r.isrc, k.item) AS recording,
    coalesce(c.name, k.r.name, k.e.name) AS name,
    coalesce(c.artist_id, k.r.artist_id) AS artist_id,
    coalesce(c.artist_name, k.r.artist_name, k.e.artist_name) AS artist_name,
    coalesce(c.album_name, k.r.album_name, k.e.album_name) AS album_name,
    coalesce(c.duration_ms, k.r.duration_ms) AS duration_ms,
    CASE WHEN c.track_id IS NOT NULL THEN 'catalogue' WHEN k.is_reported THEN 'api' ELSE 'export' END
        AS known_from
FROM known AS k
LEFT JOIN catalogue AS c ON c.track_id = k.track_id;
