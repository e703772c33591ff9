-- The vocabulary with what it is used for. Grain: one topic.
CREATE TEMP TABLE topics AS
WITH used AS (SELECT unnest(topics) AS topic FROM current_label)
SELECT
    v.topic,
    v.name_en,
    v.name_pt,
    v.name_es,
    v.meaning,
    count(u.topic) AS comments
FROM vocabulary AS v
LEFT JOIN used AS u USING (topic)
GROUP BY ALL;

-- What labellers propose and nobody has answered. Grain: one proposed topic.
CREATE TEMP TABLE topic_proposals AS
WITH proposed AS (
    SELECT unnest(proposed_topics) AS proposed_topic, comment_id, labelled_at
    FROM newest_labels
)
SELECT
    p.proposed_topic,
    count(*) AS comments,
    min(p.labelled_at) AS first_proposed_at,
    max_by(p.comment_id, (c.received_at, p.comment_id)) AS example
FROM proposed AS p
JOIN single_comments AS c USING (comment_id)
WHERE p.proposed_topic NOT IN (SELECT proposed_topic FROM refused_topics)
GROUP BY p.proposed_topic;
