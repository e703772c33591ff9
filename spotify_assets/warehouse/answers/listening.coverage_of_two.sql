-- The worse of two coverages; null is nothing.
CREATE OR REPLACE MACRO listening.coverage_of_two(one, other) AS
    CASE
        WHEN one IS NULL OR other IS NULL OR 'nothing' IN (one, other) THEN 'nothing'
        WHEN 'possible gap' IN (one, other) THEN 'possible gap'
        WHEN 'polled' IN (one, other) THEN 'polled'
        ELSE 'complete'
    END
