-- Share of the rows of a download that were set aside, of those imported in the last seven days. Of
-- several downloads of one name the last counts.
-- Grain: one download.
SELECT file_id, file_name, received, quarantined, imported_at
FROM (
    FROM monitoring.release_files
    QUALIFY downloaded_at = max(downloaded_at) OVER (
        PARTITION BY kind, regexp_replace(file_name, '\s*\(\d+\)(\.\w+)$', '\1')
    )
)
WHERE imported_at >= $today - 7 AND quarantined > 0.05 * received
ORDER BY file_name, file_id
