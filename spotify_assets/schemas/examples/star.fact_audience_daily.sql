-- How did followers grow a month?
SELECT artist_id, date_trunc('month', date) AS month, max_by(followers, date) AS followers
FROM star.fact_audience_daily
GROUP BY ALL
ORDER BY ALL;

-- How often does a listener listen a day?
SELECT artist_id, date, streams / nullif(listeners, 0) AS streams_a_listener
FROM star.fact_audience_daily
ORDER BY date DESC
LIMIT 30;

-- When were there the most monthly listeners?
SELECT artist_id, max_by(date, monthly_listeners) AS day, max(monthly_listeners) AS listeners
FROM star.fact_audience_daily
GROUP BY ALL;
