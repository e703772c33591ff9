-- The word for some days: complete where all are, polled where all are complete or polled, nothing
-- where all are, else possible gap. Null is nothing; of no day: nothing.
-- Parameter: the words of the days, as array_agg gives them.
CREATE OR REPLACE FUNCTION listening.coverage_of(coverages text[]) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN coalesce(bool_and(coalesce(one, 'nothing') = 'nothing'), true) THEN 'nothing'
        WHEN bool_and(coalesce(one, 'nothing') = 'complete') THEN 'complete'
        WHEN bool_and(coalesce(one, 'nothing') IN ('complete', 'polled')) THEN 'polled'
        ELSE 'possible gap'
    END
    FROM unnest(coverages) AS one
$$
