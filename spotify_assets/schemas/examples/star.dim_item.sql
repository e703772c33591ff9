-- What was played, and who describes it?
SELECT kind, known_from, count(*) AS items
FROM star.dim_item
GROUP BY kind, known_from
ORDER BY items DESC;

-- Under how many ids did I play each recording?
SELECT recording, count(*) AS ids, any_value(name) AS name
FROM star.dim_item
GROUP BY recording
ORDER BY ids DESC, recording
LIMIT 10;

-- Of which artists did I play the most different things?
SELECT artist_name, count(DISTINCT recording) AS recordings
FROM star.dim_item
WHERE kind = 'music'
GROUP BY artist_name
ORDER BY recordings DESC, artist_name
LIMIT 10;
