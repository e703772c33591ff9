-- How is each release streamed a month?
SELECT r.title, date_trunc('month', s.date) AS month, sum(s.streams) AS streams
FROM star.fact_streams_daily AS s JOIN star.dim_release AS r USING (release_id)
GROUP BY ALL
ORDER BY month, streams DESC;

-- Which was the best day of each?
SELECT r.title, max_by(s.date, s.streams) AS best_day, max(s.streams) AS streams
FROM star.fact_streams_daily AS s JOIN star.dim_release AS r USING (release_id)
GROUP BY ALL;

-- How many days between the first and the last are missing?
SELECT release_id, max(date) - min(date) + 1 - count(*) AS missing_days
FROM star.fact_streams_daily
GROUP BY ALL
ORDER BY missing_days DESC;
