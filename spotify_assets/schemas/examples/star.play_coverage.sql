-- How much of my listening is known?
SELECT coverage, count(*) AS days, sum(plays) AS plays
FROM star.play_coverage
GROUP BY coverage
ORDER BY days DESC;

-- On which days did I play the most?
SELECT date, plays, coverage
FROM star.play_coverage
ORDER BY plays DESC, date
LIMIT 10;

-- How much of each month is known in full?
SELECT
    date_trunc('month', date)::DATE AS month,
    count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
    count(*) AS days
FROM star.play_coverage
GROUP BY month
ORDER BY month;
