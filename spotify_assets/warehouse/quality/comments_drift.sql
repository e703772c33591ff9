-- Shares of comments in the last week that has any, against the four weeks before: of `unsure`, and
-- of each topic. Spam counts for nothing. $today: so that an old week is no news.
-- Grain: one share.
WITH told AS (
    SELECT c.date, l.category, l.topics
    FROM comments.current_label AS l
    JOIN comments.comments AS c USING (comment_id)
    WHERE l.category <> 'spam' AND c.date <= $today
),
last AS (SELECT max(date) AS day FROM told HAVING max(date) > $today - 14),
sides AS (
    SELECT t.category, t.topics, t.date > l.day - 7 AS is_new
    FROM told AS t
    CROSS JOIN last AS l
    WHERE t.date > l.day - 35
),
totals AS (
    SELECT count(*) FILTER (is_new) AS new_total, count(*) FILTER (NOT is_new) AS old_total
    FROM sides
),
subjects AS (
    SELECT 'unsure' AS subject, is_new FROM sides WHERE category = 'unsure'
    UNION ALL
    SELECT 'topic ' || unnest(topics) AS subject, is_new FROM sides
)
SELECT
    s.subject,
    l.day,
    count(*) FILTER (s.is_new) AS new_count,
    t.new_total,
    count(*) FILTER (NOT s.is_new) AS old_count,
    t.old_total
FROM subjects AS s
CROSS JOIN totals AS t
CROSS JOIN last AS l
GROUP BY s.subject, l.day, t.new_total, t.old_total
ORDER BY s.subject
