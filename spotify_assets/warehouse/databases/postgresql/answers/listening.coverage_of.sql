-- The word for some days: complete where all are, polled where all are complete or polled, unknown
-- where all are, else partial. Null is unknown; of no day: unknown.
-- Parameter: the words of the days, as array_agg gives them.
CREATE OR REPLACE FUNCTION listening.coverage_of(coverages text[]) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN coalesce(bool_and(coalesce(one, 'unknown') = 'unknown'), true) THEN 'unknown'
        WHEN bool_and(coalesce(one, 'unknown') = 'complete') THEN 'complete'
        WHEN bool_and(coalesce(one, 'unknown') IN ('complete', 'polled')) THEN 'polled'
        ELSE 'partial'
    END
    FROM unnest(coverages) AS one
$$
