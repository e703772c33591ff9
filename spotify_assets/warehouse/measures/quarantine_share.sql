-- Share of what was received that was set aside.
-- Grain: one genre-day.
SELECT
    genre, date,
    coalesce(sum(quarantined) / nullif(sum(received), 0), 0) AS value,
    NULL::DOUBLE AS usual
FROM processed.intake
GROUP BY ALL
ORDER BY genre, date
