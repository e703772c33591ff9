-- Which topics are missing in the vocabulary?
SELECT proposed_topic, comments, first_proposed_at
FROM comments.topic_proposals
ORDER BY comments DESC;

-- What is such a comment?
SELECT p.proposed_topic, c.text
FROM comments.topic_proposals AS p JOIN comments.comments AS c ON c.comment_id = p.example;

-- What was proposed in the last week?
SELECT proposed_topic
FROM comments.topic_proposals
WHERE first_proposed_at > now()::TIMESTAMP - INTERVAL 7 DAY;
