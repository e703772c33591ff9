-- Which artists does the label have?
SELECT artist_id, name
FROM star.dim_artist_profile
ORDER BY name;

-- Of which artists is an id on a platform missing?
SELECT name, spotify_id, apple_id, youtube_id
FROM star.dim_artist_profile
WHERE spotify_id IS NULL OR apple_id IS NULL OR youtube_id IS NULL;

-- How many releases has each?
SELECT a.name, count(r.release_id) AS releases
FROM star.dim_artist_profile AS a LEFT JOIN star.dim_release AS r USING (artist_id)
GROUP BY ALL
ORDER BY releases DESC;
