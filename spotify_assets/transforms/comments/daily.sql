-- Grain: one topic and category on one day; a comment of two topics counts for both.
CREATE TEMP TABLE topic_daily AS
WITH told AS (
    SELECT c.date, unnest(l.topics) AS topic, l.category
    FROM current_label AS l
    JOIN comments AS c USING (comment_id)
)
SELECT date, topic, category, count(*) AS comments
FROM told
JOIN vocabulary USING (topic)
GROUP BY ALL;

-- Grain: one category and language on one day.
CREATE TEMP TABLE category_daily AS
SELECT
    c.date,
    l.category,
    coalesce(c.language, 'unknown') AS language,
    count(*) AS comments,
    count(*) FILTER (l.decided_by = 'person') AS decided
FROM current_label AS l
JOIN comments AS c USING (comment_id)
GROUP BY ALL;

-- Grain: one version of a labeller on one day of decisions.
CREATE TEMP TABLE disagreement_daily AS
SELECT
    decided_at::DATE AS date,
    labeller,
    version,
    count(*) AS decisions,
    count(*) FILTER (labelled_as = 'unsure') AS unsure,
    count(*) FILTER (labelled_as <> 'unsure' AND category <> labelled_as) AS disagreements,
    count(*) FILTER (topics <> labelled_topics) AS topic_changes
FROM decisions
WHERE labeller IS NOT NULL AND version IS NOT NULL AND labelled_as IS NOT NULL
GROUP BY ALL;
