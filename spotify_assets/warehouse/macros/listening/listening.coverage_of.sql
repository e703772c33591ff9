-- The word for some days (an aggregate): complete where all are, polled where all are complete or
-- polled, unknown where all are, else partial. Null is unknown; of no day: unknown.
CREATE OR REPLACE MACRO listening.coverage_of(coverage) AS
    CASE
        WHEN coalesce(bool_and(coalesce(coverage, 'unknown') = 'unknown'), true) THEN 'unknown'
        WHEN bool_and(coalesce(coverage, 'unknown') = 'complete') THEN 'complete'
        WHEN bool_and(coalesce(coverage, 'unknown') IN ('complete', 'polled')) THEN 'polled'
        ELSE 'partial'
    END
