-- What is expected of each release in the next four weeks, by the newest prediction?
SELECT release_id, date, round(predicted) AS predicted, round(low) AS low, round(high) AS high
FROM predictions.streams_daily
WHERE status = 'predicted'
QUALIFY made_at = max(made_at) OVER (PARTITION BY release_id)
ORDER BY release_id, date;

-- Of how many releases is something predicted, and of how many is too little known?
SELECT status, needs, count(DISTINCT release_id) AS releases
FROM predictions.streams_daily
GROUP BY ALL;

-- What did weekday and age add to each prediction, where LightGBM says it?
SELECT
    release_id,
    date,
    candidate,
    contributions ->> 'weekday' AS of_weekday,
    contributions ->> 'log_age' AS of_age
FROM predictions.streams_daily
ORDER BY release_id, date;
