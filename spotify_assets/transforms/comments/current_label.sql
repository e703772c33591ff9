-- What a person decided last, else the newest label. Grain: one comment that has one of them.
CREATE TEMP TABLE current_label AS
SELECT
    comment_id,
    coalesce(d.category, l.category) AS category,
    coalesce(d.topics, l.topics) AS topics,
    if(d.comment_id IS NULL, 'labeller', 'person') AS decided_by,
    coalesce(d.decided_at, l.labelled_at) AS decided_at,
    d.curator,
    coalesce(d.is_contested, false) AS is_contested,
    l.labeller,
    l.version,
    l.category AS labelled_as,
    l.label_confidence
FROM newest_labels AS l
FULL JOIN last_decisions AS d USING (comment_id);
