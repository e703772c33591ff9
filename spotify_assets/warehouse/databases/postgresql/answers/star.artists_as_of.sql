-- The artists that were known on a day, as they were known then.
-- Grain: one artist. Parameter: the day (UTC). Days that are added later do not change the answer.
CREATE OR REPLACE FUNCTION star.artists_as_of(on_date date)
RETURNS TABLE (artist_id text, name text, valid_from date, is_inferred boolean)
LANGUAGE sql STABLE AS $$
    SELECT artist_id, name, valid_from, is_inferred
    FROM star.dim_artist
    WHERE valid_from <= on_date AND (valid_to IS NULL OR valid_to > on_date)
    ORDER BY artist_id COLLATE "C"
$$
