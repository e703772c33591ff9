-- Which kinds of release are there, and how many of each?
SELECT album_type, count(DISTINCT album_id) AS albums
FROM processed.albums
GROUP BY album_type
ORDER BY albums DESC;

-- Of how many albums is the day of release known, and of how many only the year?
SELECT release_date_precision, count(DISTINCT album_id) AS albums
FROM processed.albums
GROUP BY release_date_precision
ORDER BY albums DESC;

-- Which albums have the most tracks?
SELECT DISTINCT name, total_tracks, release_date
FROM processed.albums
ORDER BY total_tracks DESC NULLS LAST, name
LIMIT 10;
