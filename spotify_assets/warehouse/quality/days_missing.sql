-- Days of the last 30 that a genre has not, between its first and its last.
-- Grain: one genre, on its last day.
SELECT
    genre, max(date) AS date,
    (max(date) - min(date) + 1 - count(DISTINCT date))::DOUBLE AS value,
    NULL::DOUBLE AS usual
FROM processed.extracts
WHERE date > (SELECT max(date) FROM processed.extracts) - 30
GROUP BY genre
ORDER BY genre
