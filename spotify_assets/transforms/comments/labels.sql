-- Of each text and version the first label. Grain: one text by one version of a labeller.
CREATE TEMP TABLE single_labels AS
SELECT *
FROM text_labels
QUALIFY row_number() OVER (PARTITION BY label_key ORDER BY labelled_at, labeller) = 1;

-- Topics that were proposed once and are of the vocabulary now count as topics.
-- Grain: one comment by one version of a labeller.
CREATE TEMP TABLE comment_labels AS
SELECT
    c.comment_id,
    l.labeller,
    l.version,
    l.category,
    l.label_confidence,
    list_sort(list_distinct(list_filter(
        list_concat(l.topics, l.proposed_topics), lambda t: list_contains(v.codes, t)
    ))) AS topics,
    list_sort(list_distinct(list_filter(
        list_concat(l.topics, l.proposed_topics), lambda t: NOT list_contains(v.codes, t)
    ))) AS proposed_topics,
    l.language,
    l.labelled_at,
    l.label_key,
    row_number() OVER (
        PARTITION BY c.comment_id ORDER BY l.labelled_at DESC, l.labeller, l.version
    ) = 1 AS is_newest
FROM single_comments AS c
JOIN single_labels AS l USING (text_id)
CROSS JOIN (SELECT coalesce(list(topic), []) AS codes FROM vocabulary) AS v
WHERE l.reason IS NULL;

CREATE TEMP TABLE newest_labels AS FROM comment_labels WHERE is_newest;
