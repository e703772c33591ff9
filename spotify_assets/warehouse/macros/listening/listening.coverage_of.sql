-- The word for some days (an aggregate): complete where all are, polled where all are complete or
-- polled, nothing where all are, else possible gap. Null is nothing; of no day: nothing.
CREATE OR REPLACE MACRO listening.coverage_of(coverage) AS
    CASE
        WHEN coalesce(bool_and(coalesce(coverage, 'nothing') = 'nothing'), true) THEN 'nothing'
        WHEN bool_and(coalesce(coverage, 'nothing') = 'complete') THEN 'complete'
        WHEN bool_and(coalesce(coverage, 'nothing') IN ('complete', 'polled')) THEN 'polled'
        ELSE 'possible gap'
    END
