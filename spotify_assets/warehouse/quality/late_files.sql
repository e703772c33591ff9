-- Downloads that came on several days, and have not come again for $days days; of sales, which are of
-- months, for 45. What has not come for four times as long is given up. An advertisement that was
-- over when it was downloaded last, or a link without clicks since, is not waited for.
-- Grain: one download that comes again: of Spotify for Artists one name of a file, of others all
-- files of a kind and source.
WITH downloads AS (
    SELECT
        kind, source, file_id, downloaded_at,
        CASE source
            WHEN 'Spotify for Artists' THEN regexp_replace(file_name, '\s*\(\d+\)(\.\w+)$', '\1')
            ELSE source
        END AS name,
        CASE kind WHEN 'sales' THEN greatest($days, 45) ELSE $days END AS days
    FROM monitoring.release_files
),
ends AS (
    SELECT file_id, max(date) AS last_day
    FROM (
        SELECT file_id, date FROM star.fact_campaign_daily
        UNION ALL
        SELECT file_id, date FROM star.fact_link_daily
    )
    GROUP BY file_id
)
SELECT
    kind, name,
    max(downloaded_at) AS last,
    max(days) AS days
FROM downloads LEFT JOIN ends USING (file_id)
GROUP BY kind, name
HAVING count(DISTINCT downloaded_at::DATE) > 1
    AND last::DATE < $today - max(days)
    AND last::DATE >= $today - 4 * max(days)
    AND (kind NOT IN ('campaigns', 'links') OR max(last_day) >= last::DATE - 2)
ORDER BY kind, name
