-- How did the last runs end?
SELECT ended_at, job, partition, status, round(seconds, 1) AS seconds, failure
FROM monitoring.runs
ORDER BY run_number DESC
LIMIT 10;

-- What does a run of each job cost?
SELECT job, count(*) AS runs, round(avg(seconds), 1) AS seconds, round(avg(requests)) AS requests
FROM monitoring.runs
WHERE status = 'success'
GROUP BY job
ORDER BY runs DESC;

-- Which runs put the largest share of their rows into quarantine?
SELECT run_id, partition, rows_in, quarantined, share_invalid
FROM monitoring.runs
ORDER BY share_invalid DESC NULLS LAST, run_number DESC
LIMIT 10;
