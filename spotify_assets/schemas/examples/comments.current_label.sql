-- What are the comments?
SELECT category, decided_by, count(*) AS comments
FROM comments.current_label
GROUP BY ALL
ORDER BY ALL;

-- What should a person look at first?
SELECT c.comment_id, c.text
FROM comments.current_label AS l JOIN comments.comments AS c USING (comment_id)
WHERE l.category = 'unsure' AND l.decided_by = 'labeller'
ORDER BY c.received_at DESC;

-- Of how many did a person decide, and about how many do persons disagree?
SELECT
    count(*) FILTER (decided_by = 'person') AS decided,
    count(*) FILTER (is_contested) AS contested
FROM comments.current_label;
