-- Who decided how much?
SELECT curator, count(*) AS decisions, max(decided_at) AS last_at
FROM comments.decisions
GROUP BY curator;

-- What do labellers take for what, by those who looked?
SELECT labelled_as, category, count(*) AS decisions
FROM comments.decisions
WHERE labelled_as IS NOT NULL
GROUP BY ALL
ORDER BY decisions DESC;

-- What was decided last?
SELECT d.decided_at, d.curator, d.category, c.text
FROM comments.decisions AS d JOIN comments.comments AS c USING (comment_id)
ORDER BY d.decided_at DESC
LIMIT 20;
