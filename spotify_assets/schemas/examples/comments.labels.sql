-- Of which comments are labellers least sure?
SELECT c.text, l.category, l.label_confidence
FROM comments.labels AS l JOIN comments.comments AS c USING (comment_id)
WHERE l.is_newest
ORDER BY l.label_confidence
LIMIT 20;

-- How many labels has each version of a labeller made?
SELECT labeller, version, count(*) AS labels, max(labelled_at) AS last_at
FROM comments.labels
GROUP BY ALL;

-- How many labels did a newer version change?
SELECT count(*) FILTER (n.category <> o.category) AS changed, count(o.comment_id) AS compared
FROM comments.labels AS n
LEFT JOIN comments.labels AS o ON o.comment_id = n.comment_id AND NOT o.is_newest
WHERE n.is_newest;
