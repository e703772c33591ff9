-- The word for two days; null is unknown. Rule: listening.coverage_of.
CREATE OR REPLACE MACRO listening.coverage_of_two(one, other) AS
    CASE
        WHEN coalesce(one, 'unknown') = coalesce(other, 'unknown') THEN coalesce(one, 'unknown')
        WHEN one IN ('complete', 'polled') AND other IN ('complete', 'polled') THEN 'polled'
        ELSE 'partial'
    END
