-- Comments with what they are now, the least sure first. What begins with a dollar is a
-- literal, NULL where all are asked for. Grain: one comment.
SELECT
    c.comment_id,
    c.text_id,
    c.text,
    c.source,
    c.language,
    c.date,
    c.release,
    l.category,
    coalesce(l.topics, []) AS topics,
    l.label_confidence,
    l.labeller,
    l.version,
    l.curator
FROM comments.comments AS c
LEFT JOIN comments.current_label AS l USING (comment_id)
WHERE
    if(
        $comment_id IS NULL,
        coalesce(l.decided_by, 'labeller') = 'labeller'
        AND ($category IS NULL OR coalesce(l.category, 'unsure') = $category),
        c.comment_id = $comment_id
    )
    AND ($language IS NULL OR c.language = $language)
    AND ($topic IS NULL OR list_contains(l.topics, $topic))
    AND ($release_id IS NULL OR c.release_id = $release_id)
    AND ($since IS NULL OR c.date >= $since)
    AND ($until IS NULL OR c.date <= $until)
ORDER BY coalesce(l.category, 'unsure') <> 'unsure', l.label_confidence, c.comment_id;
