-- How many artists are credited on a track?
SELECT artists, count(*) AS tracks
FROM (
    SELECT track_id, max(position) AS artists
    FROM processed.track_artists
    GROUP BY track_id
)
GROUP BY artists
ORDER BY artists;

-- Who is most often a guest, credited after the main artist?
SELECT artist_id, count(DISTINCT track_id) AS tracks
FROM processed.track_artists
WHERE position > 1
GROUP BY artist_id
ORDER BY tracks DESC, artist_id
LIMIT 10;

-- Which two artists are credited together most often?
SELECT one.artist_id, other.artist_id AS with_id, count(DISTINCT one.track_id) AS tracks
FROM processed.track_artists AS one
JOIN processed.track_artists AS other USING (genre, date, track_id)
WHERE one.artist_id < other.artist_id
GROUP BY ALL
ORDER BY tracks DESC, one.artist_id, with_id
LIMIT 10;
