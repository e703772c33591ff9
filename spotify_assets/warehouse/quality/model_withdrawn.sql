-- The model that predicts, where it took itself out, and how it did on the 28 scored days up to then.
-- Grain: one model, at most one.
WITH scored AS (
    SELECT
        m.model_version,
        m.withdrawn_on,
        s.error,
        s.naive_error,
        dense_rank() OVER (ORDER BY s.date DESC) AS days_before
    FROM predictions.models AS m
    JOIN predictions.scores AS s USING (model_version)
    WHERE m.is_current AND s.date <= m.withdrawn_on
)
SELECT
    model_version,
    withdrawn_on,
    sum(abs(error)) AS missed,
    sum(abs(naive_error)) AS naive_missed
FROM scored
WHERE days_before <= 28
GROUP BY ALL;
