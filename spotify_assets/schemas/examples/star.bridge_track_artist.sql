-- Who is credited on the most tracks?
SELECT artist.name, count(*) AS tracks
FROM star.bridge_track_artist AS credit
JOIN star.dim_artist AS artist USING (artist_key)
GROUP BY artist.artist_id, artist.name
ORDER BY tracks DESC, artist.name
LIMIT 10;

-- Who works together?
SELECT main.name, guest.name AS with_name, count(*) AS tracks
FROM star.bridge_track_artist AS first
JOIN star.bridge_track_artist AS further USING (track_id)
JOIN star.dim_artist AS main ON main.artist_key = first.artist_key
JOIN star.dim_artist AS guest ON guest.artist_key = further.artist_key
WHERE first.position = 1 AND further.position > 1
GROUP BY ALL
ORDER BY tracks DESC, main.name, with_name
LIMIT 10;

-- Which share of the tracks has a guest?
SELECT round(count(*) FILTER (WHERE position = 2) / count(DISTINCT track_id), 2) AS share
FROM star.bridge_track_artist;
