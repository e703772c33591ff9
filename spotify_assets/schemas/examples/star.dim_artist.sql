-- Who changed their name?
SELECT artist_id, name, valid_from, valid_to
FROM star.dim_artist
WHERE artist_id IN (SELECT artist_id FROM star.dim_artist WHERE NOT is_current)
ORDER BY artist_id, valid_from
LIMIT 10;

-- What were the artists called on the first day?
SELECT artist_id, name
FROM star.artists_as_of((SELECT min(valid_from) FROM star.dim_artist))
ORDER BY name
LIMIT 10;

-- How many artists are known by nothing but an id?
SELECT is_inferred, count(*) AS artists
FROM star.dim_artist
WHERE is_current
GROUP BY is_inferred;
