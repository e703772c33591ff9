-- The account of each export file. Grain: one export file.
CREATE TEMP TABLE imports AS
WITH classes AS (
    SELECT
        e.file_id,
        CASE
            WHEN x.row_id IS NULL THEN 'duplicate'
            ELSE listening.play_class(e.kind, e.ms_played, e.is_skipped, e.reason_end, e.is_incognito)
        END AS class,
        e.ended_at
    FROM export_rows AS e
    LEFT JOIN exported AS x USING (row_id)
),
counted AS (
    SELECT
        file_id,
        count(*) FILTER (class = 'counted') AS counted,
        count(*) FILTER (class = 'short') AS short,
        count(*) FILTER (class = 'skipped') AS skipped,
        count(*) FILTER (class = 'podcast') AS podcast,
        count(*) FILTER (class = 'audiobook') AS audiobook,
        count(*) FILTER (class = 'local_file') AS local_file,
        count(*) FILTER (class = 'incognito') AS incognito,
        count(*) FILTER (class = 'duplicate') AS duplicate,
        min(ended_at) AS first_at,
        max(ended_at) AS last_at
    FROM classes
    GROUP BY file_id
),
unreadable AS (
    SELECT source_file, count(*) AS unreadable FROM quarantine.plays GROUP BY source_file
)
SELECT
    f.file_id,
    f.file_name,
    f.package,
    f.media,
    f.part,
    f.account,
    coalesce(f.downloads, []) AS downloads,
    f.imported_at,
    f.bytes,
    f.received,
    coalesce(c.counted, 0) AS counted,
    coalesce(c.short, 0) AS short,
    coalesce(c.skipped, 0) AS skipped,
    coalesce(c.podcast, 0) AS podcast,
    coalesce(c.audiobook, 0) AS audiobook,
    coalesce(c.local_file, 0) AS local_file,
    coalesce(c.incognito, 0) AS incognito,
    coalesce(c.duplicate, 0) AS duplicate,
    coalesce(u.unreadable, 0) AS unreadable,
    c.first_at,
    c.last_at
FROM import_files AS f
LEFT JOIN counted AS c USING (file_id)
LEFT JOIN unreadable AS u ON u.source_file = f.raw_file
ORDER BY f.file_number;
