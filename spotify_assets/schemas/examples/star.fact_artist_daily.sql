-- Which artists gained the most followers?
SELECT
    fact.artist_id,
    arg_max(artist.name, fact.date) AS name,
    arg_max(fact.followers, fact.date) - arg_min(fact.followers, fact.date) AS gained
FROM star.fact_artist_daily AS fact
JOIN star.dim_artist AS artist USING (artist_key)
GROUP BY fact.artist_id
ORDER BY gained DESC NULLS LAST, fact.artist_id
LIMIT 10;

-- How many artists does a genre have, day by day?
SELECT genre, date, count(*) AS artists, count(rank) AS ranked
FROM star.fact_artist_daily
GROUP BY genre, date
ORDER BY genre, date;

-- Do the artists with more followers rank higher?
SELECT genre, round(corr(rank, ln(followers)), 2) AS correlation
FROM star.fact_artist_daily
WHERE followers > 0
GROUP BY genre
ORDER BY genre;
