-- What the HTTP API asks of the warehouse; what begins with a dollar is a literal.

-- What has become of a batch?
WITH of_batch AS (
    SELECT
        count(*) FILTER (l.category <> 'unsure') AS labelled,
        count(*) FILTER (l.category = 'unsure') AS unsure,
        count(*) FILTER (l.category IS NULL AND q.reason IS NOT NULL) AS aside,
        count(*) FILTER (l.category IS NULL AND q.reason IS NULL) AS waiting
    FROM comments.comments AS c
    LEFT JOIN comments.current_label AS l USING (comment_id)
    LEFT JOIN quarantine.comments AS q USING (batch_id, batch_row)
    WHERE c.batch_id = $batch_id
)
SELECT
    b.kept,
    b.duplicate,
    b.quarantined + o.aside AS quarantined,
    o.labelled,
    o.unsure,
    o.waiting
FROM monitoring.comment_batches AS b
CROSS JOIN of_batch AS o
WHERE b.batch_id = $batch_id;

-- Which comments are there?
SELECT
    c.comment_id,
    c.text,
    c.source,
    c.source_id,
    c.author,
    c.language,
    c.date,
    c.commented_at,
    c.received_at,
    c.release_id,
    c.batch_id,
    l.category,
    l.topics,
    l.decided_by,
    l.decided_at,
    l.label_confidence,
    l.labeller,
    l.version
FROM comments.comments AS c
LEFT JOIN comments.current_label AS l USING (comment_id)
WHERE
    ($category IS NULL OR l.category = $category)
    AND ($decided_by IS NULL OR l.decided_by = $decided_by)
    AND ($language IS NULL OR c.language = $language)
    AND ($source IS NULL OR c.source = $source)
    AND ($release_id IS NULL OR c.release_id = $release_id)
    AND ($topic IS NULL OR list_contains(l.topics, $topic))
    AND ($since IS NULL OR c.date >= $since::DATE)
    AND ($until IS NULL OR c.date <= $until::DATE)
    AND (
        $after_at IS NULL
        OR c.received_at < $after_at::TIMESTAMP
        OR (c.received_at = $after_at::TIMESTAMP AND c.comment_id > $after_id)
    )
ORDER BY c.received_at DESC, c.comment_id
LIMIT $limit;
