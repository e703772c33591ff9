-- How many requests were sent each day, and how were they answered?
SELECT requested_at::DATE AS day, endpoint, http_status, count(*) AS requests
FROM monitoring.requests
GROUP BY ALL
ORDER BY day DESC, requests DESC;

-- How fast does the API answer, in ms?
SELECT
    endpoint,
    count(*) AS answers,
    median(elapsed_ms) AS usual_ms,
    max(elapsed_ms) AS slowest_ms
FROM monitoring.requests
WHERE http_status = 200
GROUP BY endpoint
ORDER BY endpoint;

-- How long did requests wait for the limits, by genre?
SELECT genre, count(*) AS requests, sum(waited_ms) AS waited_ms, max(retry_after_s) AS retry_after_s
FROM monitoring.requests
GROUP BY genre
ORDER BY waited_ms DESC, genre;
