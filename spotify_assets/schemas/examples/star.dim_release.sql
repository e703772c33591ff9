-- What was released last?
SELECT released_on, title
FROM star.dim_release
ORDER BY released_on DESC
LIMIT 10;

-- Of which releases do the files say nothing?
SELECT title
FROM star.dim_release ANTI JOIN star.fact_streams_daily USING (release_id);

-- Which titles stand more than once?
SELECT lower(title) AS title, count(*) AS releases
FROM star.dim_release
GROUP BY ALL
HAVING releases > 1;
