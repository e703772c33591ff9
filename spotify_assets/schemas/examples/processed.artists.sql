-- Which artists of the latest day have the most followers?
SELECT name, max(followers) AS followers
FROM processed.artists
WHERE date = (SELECT max(date) FROM processed.artists)
GROUP BY artist_id, name
ORDER BY followers DESC NULLS LAST, name
LIMIT 10;

-- Of how many artists was the whole object seen, and of how many only the credit?
SELECT is_full, count(DISTINCT artist_id) AS artists
FROM processed.artists
GROUP BY is_full;

-- What does Spotify itself call the genres of those artists?
SELECT spotify_genre, count(DISTINCT artist_id) AS artists
FROM (SELECT artist_id, unnest(spotify_genres) AS spotify_genre FROM processed.artists)
GROUP BY spotify_genre
ORDER BY artists DESC, spotify_genre
LIMIT 10;
