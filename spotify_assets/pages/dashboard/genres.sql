-- What the page of the genres asks; `$…` are bound.

-- Which genres are there?
SELECT genre, first_date, last_date, days_collected FROM star.dim_genre ORDER BY genre;

-- Which days of a genre are there?
SELECT DISTINCT date FROM rankings.top_tracks WHERE genre = $genre ORDER BY date DESC;

-- What is ranked on a day, of tracks?
SELECT
    rank, movement, status, name, array_to_string(artist_names, ', ') AS artist, score, basis,
    previous_rank, previous_date
FROM rankings.top_tracks
WHERE genre = $genre AND date = $day
ORDER BY rank;

-- What is ranked on a day, of artists?
SELECT rank, movement, status, name, score, basis, previous_rank, previous_date
FROM rankings.top_artists
WHERE genre = $genre AND date = $day
ORDER BY rank;

-- How did the first ten tracks of a day stand before?
SELECT f.date, t.name, f.rank, f.popularity
FROM star.fact_track_daily AS f
JOIN rankings.top_tracks AS t
    ON t.genre = f.genre AND t.track_id = f.track_id AND t.date = $day AND t.rank <= 10
WHERE f.genre = $genre AND f.date BETWEEN $day::DATE - 89 AND $day
ORDER BY f.date, t.rank;

-- How did the first ten artists of a day stand before?
SELECT f.date, t.name, f.rank, f.popularity
FROM star.fact_artist_daily AS f
JOIN rankings.top_artists AS t
    ON t.genre = f.genre AND t.artist_id = f.artist_id AND t.date = $day AND t.rank <= 10
WHERE f.genre = $genre AND f.date BETWEEN $day::DATE - 89 AND $day
ORDER BY f.date, t.rank;

-- Which tracks entered in the week before?
SELECT date, rank, name, array_to_string(artist_names, ', ') AS artist, status
FROM rankings.top_tracks
JOIN star.dim_genre USING (genre)
-- On its first day everything is new.
WHERE genre = $genre AND date > first_date AND date BETWEEN $day::DATE - 6 AND $day
    AND status IN ('new', 're-entry')
ORDER BY date DESC, rank;

-- Which artists entered in the week before?
SELECT date, rank, name, status
FROM rankings.top_artists
JOIN star.dim_genre USING (genre)
WHERE genre = $genre AND date > first_date AND date BETWEEN $day::DATE - 6 AND $day
    AND status IN ('new', 're-entry')
ORDER BY date DESC, rank;

-- What left in the week before?
SELECT date, name, last_rank, last_date, reason
FROM rankings.departures
WHERE genre = $genre AND kind = $kind AND date BETWEEN $day::DATE - 6 AND $day
ORDER BY date DESC, last_rank;
