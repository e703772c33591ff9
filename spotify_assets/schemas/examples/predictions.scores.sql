-- How far off were the predictions, by days ahead, and how far would naive have been?
SELECT
    days_ahead,
    sum(abs(error)) / nullif(sum(streams), 0) AS wape,
    sum(abs(naive_error)) / nullif(sum(streams), 0) AS naive_wape
FROM predictions.scores
GROUP BY days_ahead
ORDER BY days_ahead;

-- How many of the days were in their intervals?
SELECT model_version, avg(is_inside::INT) AS inside, count(*) AS days
FROM predictions.scores
GROUP BY model_version;

-- Which predictions missed most?
SELECT release_id, date, days_ahead, predicted, streams
FROM predictions.scores
ORDER BY abs(error) DESC
LIMIT 10;
