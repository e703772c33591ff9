-- What do labellers take for what?
SELECT labeller, truth, said, comments
FROM comments.confusion
WHERE language = 'all' AND truth <> said
ORDER BY comments DESC;

-- Which share of each category is found?
SELECT labeller, version, truth, sum(comments) FILTER (said = truth) / sum(comments) AS recall
FROM comments.confusion
WHERE language = 'all'
GROUP BY ALL;

-- How often does a labeller say that it is unsure?
SELECT labeller, version, language, sum(comments) AS comments
FROM comments.confusion
WHERE said = 'unsure'
GROUP BY ALL;
