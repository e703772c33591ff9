-- The word for two days; null is unknown. Rule: listening.coverage_of.
CREATE OR REPLACE FUNCTION listening.coverage_of_two(one text, other text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN coalesce(one, 'unknown') = coalesce(other, 'unknown') THEN coalesce(one, 'unknown')
        WHEN one IN ('complete', 'polled') AND other IN ('complete', 'polled') THEN 'polled'
        ELSE 'partial'
    END
$$
