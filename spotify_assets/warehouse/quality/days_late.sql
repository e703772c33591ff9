-- Days since the last day of a genre.
-- Grain: one genre, on its last day.
SELECT genre, max(date) AS date, ($today - max(date))::DOUBLE AS value, NULL::DOUBLE AS usual
FROM processed.extracts
GROUP BY genre
ORDER BY genre
