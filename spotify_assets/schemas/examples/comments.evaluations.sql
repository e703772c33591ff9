-- How good is each labeller, and of how many comments does it say something?
SELECT labeller, version, language, measure, estimate, low, high
FROM comments.evaluations
WHERE category = 'all' AND measure IN ('macro_f1', 'accuracy', 'coverage')
ORDER BY ALL;

-- Which category is the hardest?
SELECT labeller, category, estimate AS f1
FROM comments.evaluations
WHERE measure = 'f1' AND language = 'all' AND category <> 'all'
ORDER BY f1;

-- On how many comments was it measured?
SELECT golden, max(comments) AS comments, max(evaluated_at) AS last_at
FROM comments.evaluations
GROUP BY golden;
