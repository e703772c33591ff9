-- Downloads that came on several days, and have not come again for $days days, nor for twice as long
-- as was usual between two of them. What has not come for four times that is given up. An
-- advertisement that was over when it was downloaded last, or a link without clicks since, is not
-- waited for.
-- Grain: one download that comes again: of a song, an audience or all songs one name of a file, of
-- others all files of a kind and source (where nothing happened there is nothing to download).
WITH downloads AS (
    SELECT
        kind, file_id, downloaded_at, downloaded_at::DATE AS day,
        CASE
            WHEN kind IN ('song_streams', 'audience', 'songs')
                THEN regexp_replace(file_name, '\s*\(\d+\)(\.\w+)$', '\1')
            ELSE source
        END AS name
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
),
told AS (
    SELECT
        kind, name,
        max(downloaded_at) AS last,
        max(last_day) AS last_day,
        greatest($days, 2 * (max(day) - min(day)) // (count(DISTINCT day) - 1))::INTEGER AS days
    FROM downloads LEFT JOIN ends USING (file_id)
    GROUP BY kind, name
    HAVING count(DISTINCT day) > 1
)
SELECT kind, name, last, days
FROM told
WHERE last::DATE < $today - days
    AND last::DATE >= $today - 4 * days
    AND (kind NOT IN ('campaigns', 'links') OR last_day >= last::DATE - 2)
ORDER BY kind, name
