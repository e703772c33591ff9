-- How many comments a day are what?
SELECT date, category, sum(comments) AS comments
FROM comments.category_daily
GROUP BY ALL
ORDER BY ALL;

-- Of which share do labellers say that they are unsure, by week and language?
SELECT
    date_trunc('week', date) AS week, language,
    coalesce(sum(comments) FILTER (category = 'unsure'), 0) / sum(comments) AS unsure
FROM comments.category_daily
GROUP BY ALL
ORDER BY ALL;

-- Of how many did a person decide?
SELECT sum(decided) AS decided, sum(comments) AS comments
FROM comments.category_daily;
