-- Decisions about comments that are there. Grain: one decision.
CREATE TEMP TABLE decisions AS
SELECT d.*
FROM decided AS d
JOIN single_comments USING (comment_id);

-- A decision holds for the text that the person saw. Grain: one comment with such a decision.
CREATE TEMP TABLE last_decisions AS
WITH of_curators AS (
    SELECT d.*
    FROM decided AS d
    JOIN single_comments AS c USING (comment_id, text_id)
    QUALIFY
        row_number() OVER (
            PARTITION BY d.comment_id, d.curator ORDER BY d.decided_at DESC, d.decision_id DESC
        ) = 1
)
SELECT
    *,
    count(DISTINCT (category, topics)) OVER (PARTITION BY comment_id) > 1 AS is_contested
FROM of_curators
QUALIFY
    row_number() OVER (PARTITION BY comment_id ORDER BY decided_at DESC, decision_id DESC) = 1;
