-- Which days does the catalog span?
SELECT min(date) AS first, max(date) AS last, count(*) AS days
FROM star.dim_date;

-- How many tracks were ranked on working days, and at weekends?
SELECT calendar.is_weekend, count(DISTINCT fact.date) AS days, count(fact.rank) AS ranked
FROM star.dim_date AS calendar
JOIN star.fact_track_daily AS fact USING (date)
GROUP BY calendar.is_weekend;

-- On how many days was each genre not collected?
SELECT genre.genre, count(calendar.date) - count(collected.date) AS days_missing
FROM star.dim_genre AS genre
CROSS JOIN star.dim_date AS calendar
LEFT JOIN processed.extracts AS collected
    ON collected.genre = genre.genre AND collected.date = calendar.date
GROUP BY genre.genre
ORDER BY days_missing DESC, genre.genre;
