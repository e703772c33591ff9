-- Rows that could not be read, and comments that the newest labeller gave up while no label and no
-- person says what they are. Grain: one row of a batch.
CREATE TEMP TABLE set_aside AS
FROM unreadable_comments
UNION ALL BY NAME
SELECT
    c.batch_id,
    c.batch_row,
    l.labeller || ' ' || l.version AS set_aside_by,
    'text' AS column_name,
    left(c.text, 200) AS value,
    l.reason
FROM single_comments AS c
JOIN single_labels AS l USING (text_id)
WHERE l.reason IS NOT NULL AND c.comment_id NOT IN (SELECT comment_id FROM current_label)
QUALIFY
    row_number() OVER (
        PARTITION BY c.comment_id ORDER BY l.labelled_at DESC, l.labeller, l.version
    ) = 1;

-- Grain: one batch.
CREATE TEMP TABLE batches AS
WITH counted AS (
    SELECT
        batch_id,
        count(*) FILTER (NOT is_duplicate) AS kept,
        count(*) FILTER (is_duplicate) AS duplicate
    FROM ranked_rows
    GROUP BY batch_id
),
unread AS (SELECT batch_id, count(*) AS quarantined FROM unreadable_comments GROUP BY batch_id)
SELECT
    b.batch_id,
    b.received_at,
    b.came_by,
    b.source,
    b.file_name,
    b.left_out,
    b.received,
    coalesce(c.kept, 0) AS kept,
    coalesce(c.duplicate, 0) AS duplicate,
    coalesce(u.quarantined, 0) AS quarantined
FROM received_batches AS b
LEFT JOIN counted AS c USING (batch_id)
LEFT JOIN unread AS u USING (batch_id);
