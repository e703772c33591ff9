-- What the page of the operation asks; `$…` are bound.

-- How fresh is what?
SELECT 'genre' AS what, genre AS name, last_date::DATE AS last_day FROM star.dim_genre
UNION ALL
SELECT 'plays', NULL, max(date) FROM star.play_coverage HAVING max(date) IS NOT NULL
UNION ALL
SELECT 'releases', source, max(downloaded_at)::DATE FROM monitoring.release_files GROUP BY source
UNION ALL
SELECT 'comments', source, max(received_at)::DATE FROM monitoring.comment_batches GROUP BY source
ORDER BY last_day, what, name;

-- How did the runs of a week end?
SELECT
    count(*) AS runs,
    count(*) FILTER (status = 'failure') AS failed,
    coalesce(sum(quarantined), 0)::BIGINT AS quarantined,
    median(seconds) AS seconds
FROM monitoring.runs
WHERE ended_at > $now::TIMESTAMP - INTERVAL 7 DAY;

-- Which runs ended last?
SELECT
    started_at, job, coalesce(partition, genre) AS partition, status, seconds, requests, rows_out,
    quarantined, failure, run_id
FROM monitoring.runs
WHERE NOT $failed OR status = 'failure'
ORDER BY run_number DESC
LIMIT 100;

-- How much was asked of the API, by day?
SELECT
    requested_at::DATE AS day,
    CASE
        WHEN http_status = 429 THEN 'refused'
        WHEN http_status BETWEEN 200 AND 299 THEN 'answered'
        ELSE 'failed'
    END AS outcome,
    count(*) AS requests
FROM monitoring.requests
WHERE requested_at > $now::TIMESTAMP - INTERVAL 30 DAY
GROUP BY ALL
ORDER BY ALL;

-- How much was asked in the last day, by family of endpoints?
SELECT
    endpoint,
    count(*) AS requests,
    count(*) FILTER (http_status = 429) AS refused,
    max(retry_after_s) AS longest_block_s,
    max(requested_at) AS last_at
FROM monitoring.requests
WHERE requested_at > $now::TIMESTAMP - INTERVAL 1 DAY
GROUP BY endpoint
ORDER BY requests DESC;

-- Why was something set aside?
SELECT 'quarantine.rows' AS place, reason, count(*) AS rows FROM quarantine.rows GROUP BY ALL
UNION ALL
SELECT 'quarantine.plays', reason, count(*) FROM quarantine.plays GROUP BY ALL
UNION ALL
SELECT 'quarantine.release_rows', reason, count(*) FROM quarantine.release_rows GROUP BY ALL
UNION ALL
SELECT 'quarantine.comments', reason, count(*) FROM quarantine.comments GROUP BY ALL
ORDER BY rows DESC, place, reason
LIMIT 200;

-- Which checks do not hold now?
SELECT checked_at, asset, check_name, genre, date, severity, details
FROM monitoring.check_results
QUALIFY row_number() OVER (
    PARTITION BY asset, check_name, genre, date ORDER BY result_number DESC
) = 1 AND NOT passed
ORDER BY severity, checked_at DESC
LIMIT 100;
