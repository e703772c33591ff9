-- What is expected of each release in the next four weeks, by the newest prediction?
SELECT release_id, date, round(predicted) AS predicted, round(low) AS low, round(high) AS high
FROM predictions.streams_daily
WHERE status = 'predicted'
QUALIFY made_at = max(made_at) OVER (PARTITION BY release_id)
ORDER BY release_id, date;

-- Of which releases is too little known?
SELECT DISTINCT release_id, predicted_from, needs
FROM predictions.streams_daily
WHERE status = 'too little data';

-- Which features count most, tomorrow?
SELECT f.key AS feature, round(avg(abs(f.value::DOUBLE)), 3) AS mean_contribution
FROM predictions.streams_daily AS p, json_each(p.contributions) AS f
WHERE p.days_ahead = 1
GROUP BY ALL
ORDER BY mean_contribution DESC;
