-- The word for two days; null is nothing. Rule: listening.coverage_of.
CREATE OR REPLACE FUNCTION listening.coverage_of_two(one text, other text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN coalesce(one, 'nothing') = coalesce(other, 'nothing') THEN coalesce(one, 'nothing')
        WHEN one IN ('complete', 'polled') AND other IN ('complete', 'polled') THEN 'polled'
        ELSE 'possible gap'
    END
$$
