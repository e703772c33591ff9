-- What ranks highest in each genre today?
SELECT genre, rank, previous_rank, status, name, artist_names
FROM rankings.top_tracks
WHERE date = (SELECT max(date) FROM rankings.top_tracks) AND rank <= 3
ORDER BY genre, rank;

-- What rose most on the latest day?
SELECT genre, name, previous_rank, rank, movement
FROM rankings.top_tracks
WHERE date = (SELECT max(date) FROM rankings.top_tracks)
ORDER BY movement DESC NULLS LAST, genre, rank
LIMIT 10;

-- How much of each ranking is new, and how much stays where it was?
SELECT genre, date, status, count(*) AS tracks
FROM rankings.top_tracks
GROUP BY genre, date, status
ORDER BY genre, date, status;
