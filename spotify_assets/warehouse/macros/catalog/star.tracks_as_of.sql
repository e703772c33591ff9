-- The tracks that were known on a day, as they were known then.
-- Grain: one track. Parameter: the day (UTC). Days that are added later do not change the answer.
CREATE OR REPLACE MACRO star.tracks_as_of(on_date) AS TABLE
SELECT track_id, name, album_id, duration_ms, is_explicit, isrc, valid_from
FROM star.dim_track
WHERE valid_from <= on_date::DATE AND (valid_to IS NULL OR valid_to > on_date::DATE)
ORDER BY track_id
