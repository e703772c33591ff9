-- Share of what was received that was set aside. A response that was set aside as a whole is in no
-- account of objects: it counts as one that was received.
-- Grain: one genre-day.
WITH aside AS (
    SELECT genre, date, count(*) AS rows, count(*) FILTER (table_name = 'responses') AS responses
    FROM quarantine.rows
    GROUP BY ALL
), accounts AS (
    SELECT genre, date, sum(received) AS received FROM processed.intake GROUP BY ALL
)
SELECT
    genre, date,
    coalesce(rows / nullif(received + responses, 0), 0) AS value,
    NULL::DOUBLE AS usual
FROM accounts LEFT JOIN aside USING (genre, date)
ORDER BY genre, date
