-- The export files, the one whose word counts most first: the extended history before account data,
-- and in each the newest. Grain: one file with a readable row.
CREATE TEMP TABLE editions AS
SELECT
    *,
    row_number() OVER (
        ORDER BY
            package <> 'extended', last_at DESC, rows DESC, length DESC, ends DESC, file_id DESC
    ) AS edition
FROM (
    SELECT
        file_id,
        any_value(package) AS package,
        min(ended_at) AS first_at,
        max(ended_at) AS last_at,
        count(*) AS rows,
        sum(ms_played) AS length,
        sum(epoch_ms(ended_at)) AS ends
    FROM streams
    GROUP BY file_id
);

-- Every readable row of every export file. Of rows that tell of one play the one with the smallest
-- row_id speaks: the extended history before account data, what has a URI before what has none, then
-- the newest file.
CREATE TEMP VIEW export_rows AS
SELECT
    s.*,
    e.edition,
    CASE
        WHEN s.package <> 'extended' THEN 2
        WHEN coalesce(s.track_id, s.uri) IS NULL THEN 1
        ELSE 0
    END::BIGINT * (1::BIGINT << 56) + e.edition * (1::BIGINT << 32) + s.position AS row_id
FROM streams AS s
JOIN editions AS e USING (file_id);

-- Rows by what makes them the same play. In account data that is names, which it has alone;
-- of what has no name, its item.
-- Grain: one readable row.
CREATE TEMP TABLE keyed AS
SELECT
    e.row_id,
    e.edition,
    e.package,
    e.kind,
    e.ended_at,
    e.ms_played,
    c.name_key,
    c.item_key,
    coalesce(t.entity, c.item_key) AS entity,
    if(e.package = 'extended', c.item_key, coalesce(c.name_key, c.item_key)) AS same
FROM export_rows AS e
JOIN item_names AS c
    ON c.kind = e.kind
    AND c.track_id IS NOT DISTINCT FROM e.track_id
    AND c.uri IS NOT DISTINCT FROM e.uri
    AND c.name IS NOT DISTINCT FROM e.name
    AND c.artist_name IS NOT DISTINCT FROM e.artist_name
    AND c.album_name IS NOT DISTINCT FROM e.album_name
LEFT JOIN entities AS t ON t.item_key = c.item_key;

-- Rows of an extended file that repeat another of it in all that is kept.
CREATE TEMP TABLE repeated AS
WITH alike AS (
    SELECT edition, ended_at, same, ms_played
    FROM keyed
    WHERE package = 'extended'
    GROUP BY ALL
    HAVING count(*) > 1
)
SELECT row_id
FROM export_rows
SEMI JOIN (
    SELECT row_id FROM keyed SEMI JOIN alike USING (edition, ended_at, same, ms_played)
) AS k USING (row_id)
QUALIFY row_number() OVER (
    PARTITION BY
        edition, kind, is_video, ended_at, uri, name, artist_name, album_name, ms_played,
        reason_start, reason_end, is_shuffle, is_skipped, is_offline, offline_at, is_incognito,
        platform, country
    ORDER BY row_id
) > 1;

-- What tells of plays; `play` is the row that speaks of the play, as far as it is known: here rows
-- of several files of a package that are equal (steps 1 and 4 of docs/listening.md).
-- Grain: one row of an export, without those that repeat another of their file.
CREATE TEMP TABLE source_records AS
SELECT
    * EXCLUDE (same, nth),
    min(row_id) OVER (PARTITION BY package, ended_at, same, ms_played, nth) AS play
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY edition, ended_at, same, ms_played ORDER BY item_key, row_id
        ) AS nth
    FROM keyed
    ANTI JOIN repeated USING (row_id)
);

-- Days on which files may tell of one entity in different words, each with the days beside it.
-- An Unknown Track of account data, the entity 0, may be any local file.
CREATE TEMP TABLE contested AS
WITH told AS (
    SELECT DISTINCT entity, edition, ended_at::DATE AS day FROM source_records
    UNION
    SELECT 0, edition, ended_at::DATE FROM source_records WHERE kind = 'local_file' OR name_key = 0
)
SELECT entity, day
FROM (SELECT entity, edition, day + unnest([-1, 0, 1]) AS day FROM told)
GROUP BY ALL
HAVING min(edition) < max(edition);
