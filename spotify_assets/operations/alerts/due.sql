-- The notices of a channel that make its next message, by the state of the oldest that is due.
-- Of an incident only the first that waits is taken: its end is never told before its opening.
-- What is due after the latest time possible was written while the clock was wrong.
-- Parameters: channel, now, latest.
WITH first AS (
    SELECT min(id) AS id
    FROM notices
    WHERE channel = :channel AND message IS NULL
    GROUP BY key
),

due AS (
    SELECT notices.id, notices.closed_at IS NOT NULL AS is_over
    FROM notices
    JOIN first ON first.id = notices.id
    WHERE notices.due_at <= :now OR notices.due_at > :latest
)

SELECT id, is_over
FROM due
WHERE is_over = (SELECT is_over FROM due ORDER BY id LIMIT 1)
ORDER BY id
