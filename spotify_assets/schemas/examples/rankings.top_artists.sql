-- Who ranks first in each genre, day by day?
SELECT genre, date, name, score
FROM rankings.top_artists
WHERE rank = 1
ORDER BY genre, date;

-- Who was among the first ten on the most days?
SELECT genre, artist_id, any_value(name) AS name, count(*) AS days, min(rank) AS best
FROM rankings.top_artists
WHERE rank <= 10
GROUP BY genre, artist_id
ORDER BY days DESC, best, artist_id
LIMIT 10;

-- Who came back after having been away?
SELECT genre, date, name, rank, previous_date, previous_rank
FROM rankings.top_artists
WHERE status = 're-entry'
ORDER BY date DESC, rank
LIMIT 10;
