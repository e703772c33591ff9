-- Everything that was played, by the best that is known: the catalog's current version, then the
-- API's last report, then the latest row of an export. Grain: one item.
CREATE TEMP TABLE items AS
WITH exports AS (
    SELECT *
    FROM item_names
    QUALIFY row_number() OVER (
        PARTITION BY item_key
        ORDER BY
            last_at DESC, name DESC NULLS LAST, artist_name DESC NULLS LAST,
            album_name DESC NULLS LAST, has_uri DESC, kind
    ) = 1
),
times AS (
    SELECT item_key, sum(times) AS times
    FROM (
        SELECT item_key, times FROM item_names UNION ALL BY NAME SELECT item_key, times FROM reported_items
    )
    GROUP BY item_key
),
known AS (
    SELECT
        coalesce(e.item_key, r.item_key) AS item_key,
        coalesce(e.item, r.item) AS item,
        coalesce(e.kind, 'music') AS kind,
        nullif(regexp_extract(
            coalesce(e.item, r.item), '^spotify:track:([0-9A-Za-z]{22})$', 1
        ), '') AS track_id,
        r.item_key IS NOT NULL AS is_reported,
        e, r
    FROM exports AS e
    FULL JOIN reported_items AS r ON r.item_key = e.item_key
),
described AS (
    SELECT
        k.item_key,
        k.item,
        k.kind,
        k.track_id,
        coalesce(c.isrc, k.r.isrc) AS isrc,
        coalesce(c.name, k.r.name, k.e.name) AS name,
        coalesce(c.artist_id, k.r.artist_id) AS artist_id,
        coalesce(c.artist_name, k.r.artist_name, k.e.artist_name) AS artist_name,
        coalesce(c.album_name, k.r.album_name, k.e.album_name) AS album_name,
        coalesce(c.duration_ms, k.r.duration_ms) AS duration_ms,
        CASE
            WHEN c.track_id IS NOT NULL THEN 'catalog'
            WHEN k.is_reported THEN 'api'
            ELSE 'export'
        END AS known_from,
        t.times
    FROM known AS k
    JOIN times AS t USING (item_key)
    LEFT JOIN catalog AS c ON c.track_id = k.track_id
),
-- Music that has an artist and a name: the same names are the same recording where no ISRC says
-- otherwise.
named AS (
    SELECT d.item_key, n.name_key, n.both_normal
    FROM described AS d
    JOIN names AS n
        ON n.artist_name = d.artist_name AND n.name = d.name AND n.album_name IS NULL
    WHERE d.kind = 'music' AND n.name_key <> 0
),
isrcs AS (
    SELECT name_key, arg_max(isrc, (times, isrc)) AS isrc
    FROM (
        SELECT n.name_key, d.isrc, sum(d.times) AS times
        FROM described AS d
        JOIN named AS n USING (item_key)
        WHERE d.isrc IS NOT NULL
        GROUP BY ALL
    )
    GROUP BY name_key
)
SELECT
    d.* EXCLUDE (times),
    coalesce(d.isrc, i.isrc, 'names:' || n.both_normal, d.item) AS recording
FROM described AS d
LEFT JOIN named AS n USING (item_key)
LEFT JOIN isrcs AS i USING (name_key);
