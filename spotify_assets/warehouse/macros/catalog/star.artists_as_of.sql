-- The artists that were known on a day, as they were known then.
-- Grain: one artist. Parameter: the day (UTC). Days that are added later do not change the answer.
CREATE OR REPLACE MACRO star.artists_as_of(on_date) AS TABLE
SELECT artist_id, name, valid_from, is_inferred
FROM star.dim_artist
WHERE valid_from <= on_date::DATE AND (valid_to IS NULL OR valid_to > on_date::DATE)
ORDER BY artist_id
