-- What is the talk of the last 30 days?
SELECT topic, category, sum(comments) AS comments
FROM comments.topic_daily
WHERE date > (SELECT max(date) FROM comments.topic_daily) - 30
GROUP BY ALL
ORDER BY comments DESC;

-- When was a topic talked about most?
SELECT topic, max_by(date, comments) AS day, max(comments) AS comments
FROM comments.topic_daily
GROUP BY topic;

-- Of which topics is more than half criticism?
SELECT topic, sum(comments) FILTER (category = 'criticism') / sum(comments) AS share
FROM comments.topic_daily
GROUP BY topic
HAVING share > 0.5;
