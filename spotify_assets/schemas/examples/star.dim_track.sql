-- Of which tracks did the name, album, length, explicit mark or ISRC change?
SELECT track_id, count(*) AS versions, list(DISTINCT name) AS names
FROM star.dim_track
GROUP BY track_id
HAVING count(*) > 1
ORDER BY versions DESC, track_id
LIMIT 10;

-- Which share of the tracks is marked as explicit?
SELECT round(avg(is_explicit::INTEGER), 3) AS share_explicit, count(*) AS tracks
FROM star.dim_track
WHERE is_current;

-- In which countries were the recordings registered, by the first two letters of the ISRC?
SELECT left(isrc, 2) AS country, count(*) AS tracks
FROM star.dim_track
WHERE is_current AND isrc IS NOT NULL
GROUP BY country
ORDER BY tracks DESC, country
LIMIT 10;
