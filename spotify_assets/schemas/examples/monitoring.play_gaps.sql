-- In which windows may plays be missing?
SELECT from_at, to_at, to_at - from_at AS length
FROM monitoring.play_gaps
WHERE NOT is_closed
ORDER BY from_at DESC
LIMIT 10;

-- How many gaps has an export closed?
SELECT is_closed, count(*) AS gaps
FROM monitoring.play_gaps
GROUP BY is_closed;

-- At which hour (UTC) do gaps begin most often?
SELECT hour(from_at) AS hour, count(*) AS gaps
FROM monitoring.play_gaps
GROUP BY hour
ORDER BY gaps DESC, hour;
