-- How popular is a genre's usual track, day by day?
SELECT genre, date, median(popularity) AS popularity, count(*) AS tracks
FROM star.fact_track_daily
GROUP BY genre, date
ORDER BY genre, date;

-- Which tracks gained the most popularity between the first and the last day?
SELECT
    fact.track_id,
    arg_max(track.name, fact.date) AS name,
    arg_max(fact.popularity, fact.date) - arg_min(fact.popularity, fact.date) AS gained
FROM star.fact_track_daily AS fact
JOIN star.dim_track AS track USING (track_key)
GROUP BY fact.track_id
ORDER BY gained DESC NULLS LAST, fact.track_id
LIMIT 10;

-- Which tracks are found in several genres?
SELECT track.name, count(DISTINCT fact.genre) AS genres, min(fact.rank) AS best_rank
FROM star.fact_track_daily AS fact
JOIN star.dim_track AS track ON track.track_id = fact.track_id AND track.is_current
GROUP BY track.track_id, track.name
HAVING count(DISTINCT fact.genre) > 1
ORDER BY genres DESC, best_rank, track.track_id
LIMIT 10;
