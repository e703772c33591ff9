-- Share of what was received that was set aside. A response that was set aside as a whole is in no
-- account of objects: it counts as one that was received.
-- Grain: one genre-day.
WITH responses AS (
    SELECT genre, date, count(*) AS aside
    FROM quarantine.rows
    WHERE table_name = 'responses'
    GROUP BY ALL
), accounts AS (
    SELECT genre, date, sum(received) AS received, sum(quarantined) AS quarantined
    FROM processed.reconciliation
    WHERE $of_all OR genre IN (SELECT genre FROM asked_days)
    GROUP BY ALL
)
SELECT
    genre, date,
    coalesce(
        (quarantined + coalesce(aside, 0)) / nullif(received + coalesce(aside, 0), 0), 0
    ) AS value,
    NULL::DOUBLE AS usual
FROM accounts LEFT JOIN responses USING (genre, date)
ORDER BY genre, date
