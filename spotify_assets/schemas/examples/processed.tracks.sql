-- Which tracks were the most popular on the latest day?
SELECT genre, name, popularity
FROM processed.tracks
WHERE date = (SELECT max(date) FROM processed.tracks)
ORDER BY popularity DESC NULLS LAST, name
LIMIT 10;

-- How long is a track of each genre, in minutes?
SELECT genre, round(median(duration_ms) / 60000, 1) AS minutes
FROM processed.tracks
GROUP BY genre
ORDER BY minutes DESC;

-- Under how many ids is each recording found?
SELECT isrc, count(DISTINCT track_id) AS ids, any_value(name) AS name
FROM processed.tracks
WHERE isrc IS NOT NULL
GROUP BY isrc
ORDER BY ids DESC, isrc
LIMIT 10;
