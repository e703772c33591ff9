-- What was released last?
SELECT released_on, title
FROM star.dim_release
ORDER BY released_on DESC
LIMIT 10;

-- Of which releases do the files say the least?
SELECT r.title, count(s.date) AS days, max(s.date) AS last_day
FROM star.dim_release AS r LEFT JOIN star.fact_streams_daily AS s USING (release_id)
GROUP BY r.release_id, r.title
ORDER BY days;

-- Which titles stand more than once, so that a file's name alone does not tell them apart?
SELECT lower(title) AS title, count(*) AS releases
FROM star.dim_release
GROUP BY ALL
ORDER BY releases DESC;
