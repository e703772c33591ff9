-- Of every received row whether one before it says the same. Grain: one row of a batch.
CREATE TEMP TABLE ranked_rows AS
WITH content AS (
    SELECT
        batch_id,
        batch_row,
        comment_id,
        received_at,
        hash(text_id, author, language, commented_at, release) AS content
    FROM received_comments
)
SELECT
    batch_id,
    batch_row,
    comment_id,
    received_at,
    coalesce(lag(content) OVER in_order = content, false) AS is_duplicate,
    min(received_at) OVER (PARTITION BY comment_id) AS first_received_at
FROM content
WINDOW in_order AS (PARTITION BY comment_id ORDER BY received_at, batch_id, batch_row);

-- Every comment once: as it was when it last came otherwise. Grain: one comment.
CREATE TEMP TABLE single_comments AS
WITH last_rows AS (
    SELECT batch_id, batch_row, first_received_at
    FROM ranked_rows
    WHERE NOT is_duplicate
    QUALIFY
        row_number() OVER (
            PARTITION BY comment_id ORDER BY received_at DESC, batch_id DESC, batch_row DESC
        ) = 1
)
SELECT r.*, l.first_received_at
FROM received_comments AS r
JOIN last_rows AS l USING (batch_id, batch_row);
