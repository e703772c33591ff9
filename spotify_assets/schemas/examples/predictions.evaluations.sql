-- Which candidate is used for each day ahead, and how far is it off?
SELECT e.days_ahead, e.candidate, round(e.wape, 3) AS wape, e.share_inside
FROM predictions.evaluations AS e
JOIN predictions.models AS m USING (model_version)
WHERE m.is_current AND e.is_winner
ORDER BY e.days_ahead;

-- How do the candidates compare?
SELECT model_version, candidate, avg(wape) AS wape, count(*) FILTER (is_winner) AS days_won
FROM predictions.evaluations
GROUP BY ALL
ORDER BY ALL;

-- How wide are the intervals?
SELECT days_ahead, candidate, low_factor, high_factor
FROM predictions.evaluations
WHERE is_winner
ORDER BY ALL;
