-- The tracks that were known on a day, as they were known then.
-- Grain: one track. Parameter: the day (UTC). Days that are added later do not change the answer.
CREATE OR REPLACE FUNCTION star.tracks_as_of(on_date date)
RETURNS TABLE (
    track_id text, name text, album_id text, duration_ms bigint, is_explicit boolean, isrc text,
    valid_from date
)
LANGUAGE sql STABLE AS $$
    SELECT track_id, name, album_id, duration_ms, is_explicit, isrc, valid_from
    FROM star.dim_track
    WHERE valid_from <= on_date AND (valid_to IS NULL OR valid_to > on_date)
    ORDER BY track_id COLLATE "C"
$$
