-- What the page of the comments asks; `$…` are bound, NULL for all.

-- What is there to choose?
SELECT
    (SELECT max(date) FROM comments.comments) AS last_day,
    (SELECT min(date) FROM comments.comments) AS first_day,
    (SELECT list(DISTINCT language ORDER BY language) FROM comments.comments
        WHERE language IS NOT NULL) AS languages,
    (SELECT list({code: release_id, title: title} ORDER BY title) FROM star.dim_release
        WHERE release_id IN (SELECT release_id FROM comments.comments)) AS releases;

-- What are categories called?
SELECT category, name_en, name_pt FROM comments.categories;

-- What are topics called?
SELECT topic, name_en, name_pt, comments FROM comments.topics ORDER BY comments DESC, topic;

-- How many comments of a day are what?
SELECT c.date, coalesce(l.category, 'unsure') AS category, count(*) AS comments
FROM comments.comments AS c
LEFT JOIN comments.current_label AS l USING (comment_id)
WHERE c.date BETWEEN $since AND $until
    AND ($category IS NULL OR coalesce(l.category, 'unsure') = $category)
    AND ($topic IS NULL OR list_contains(l.topics, $topic))
    AND ($language IS NULL OR c.language = $language)
    AND ($release IS NULL OR c.release_id = $release)
GROUP BY ALL
ORDER BY ALL;

-- What are these comments about?
SELECT topic, count(*) AS comments
FROM (
    SELECT unnest(l.topics) AS topic
    FROM comments.comments AS c
    JOIN comments.current_label AS l USING (comment_id)
    WHERE c.date BETWEEN $since AND $until
        AND ($category IS NULL OR l.category = $category)
        AND ($topic IS NULL OR list_contains(l.topics, $topic))
        AND ($language IS NULL OR c.language = $language)
        AND ($release IS NULL OR c.release_id = $release)
)
GROUP BY topic
ORDER BY comments DESC, topic;

-- Which comments are these?
SELECT
    c.date, coalesce(l.category, 'unsure') AS category, c.text,
    array_to_string(l.topics, ', ') AS topics, l.label_confidence, l.decided_by, l.curator,
    l.is_contested, c.language, c.source, r.title AS release, c.comment_id
FROM comments.comments AS c
LEFT JOIN comments.current_label AS l USING (comment_id)
LEFT JOIN star.dim_release AS r USING (release_id)
WHERE c.date BETWEEN $since AND $until
    AND ($category IS NULL OR coalesce(l.category, 'unsure') = $category)
    AND ($topic IS NULL OR list_contains(l.topics, $topic))
    AND ($language IS NULL OR c.language = $language)
    AND ($release IS NULL OR c.release_id = $release)
ORDER BY c.date DESC, c.comment_id
LIMIT $most;

-- About which comments do persons disagree?
SELECT c.text, l.category, l.curator, l.decided_at
FROM comments.current_label AS l
JOIN comments.comments AS c USING (comment_id)
WHERE l.is_contested
ORDER BY l.decided_at DESC
LIMIT 100;

-- How good is each labeller, those in use first?
SELECT
    labeller, version, measure, estimate, low, high, comments,
    version IN (SELECT version FROM comments.labels WHERE is_newest) AS is_used
FROM comments.evaluations
WHERE language = 'all' AND category = 'all' AND measure IN ('macro_f1', 'accuracy', 'coverage')
-- A golden set may have grown: the last one counts.
QUALIFY evaluated_at = max(evaluated_at) OVER (PARTITION BY labeller, version)
ORDER BY is_used DESC, evaluated_at DESC, labeller = 'majority', labeller, version, measure;

-- What does it take for what?
SELECT c.labeller, c.version, c.truth, c.said, sum(c.comments)::BIGINT AS comments
FROM comments.confusion AS c
WHERE c.language = 'all' AND c.labeller = $labeller AND c.version = $version
GROUP BY ALL
ORDER BY ALL;

-- How often do persons decide otherwise than the label that they saw?
SELECT
    date_trunc('week', date)::DATE AS week,
    sum(decisions)::BIGINT AS decisions,
    sum(decisions - unsure)::BIGINT AS sure,
    sum(disagreements)::BIGINT AS disagreements,
    sum(disagreements) / nullif(sum(decisions - unsure), 0) AS share
FROM comments.disagreement_daily
GROUP BY week
ORDER BY week;
