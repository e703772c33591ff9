-- Every comment once. Grain: one comment.
CREATE TEMP TABLE comments AS
SELECT
    c.comment_id,
    coalesce(c.commented_at, c.first_received_at)::DATE AS date,
    c.text,
    c.source,
    c.source_id,
    c.author,
    coalesce(c.language, l.language) AS language,
    c.commented_at,
    c.received_at,
    c.first_received_at,
    c.release,
    r.release_id,
    c.text_id,
    c.batch_id,
    c.batch_row
FROM single_comments AS c
LEFT JOIN newest_labels AS l USING (comment_id)
LEFT JOIN named_releases AS r USING (release);
