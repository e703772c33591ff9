-- How often do persons decide otherwise than the label, by week?
SELECT
    date_trunc('week', date) AS week, labeller, version,
    sum(disagreements) / nullif(sum(decisions - unsure), 0) AS share
FROM comments.disagreement_daily
GROUP BY ALL
ORDER BY ALL;

-- Which version do they correct least?
SELECT labeller, version, sum(disagreements) AS disagreements, sum(decisions) AS decisions
FROM comments.disagreement_daily
GROUP BY ALL
ORDER BY sum(disagreements) / sum(decisions);

-- How often are topics changed?
SELECT date, sum(topic_changes) AS topic_changes
FROM comments.disagreement_daily
GROUP BY date
ORDER BY date;
