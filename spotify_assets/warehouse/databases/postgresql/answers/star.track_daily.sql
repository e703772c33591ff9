-- The facts of tracks, each once, with what the track was on that day.
-- Grain: one track of a genre-day. The album's name is as it was seen last.
CREATE OR REPLACE VIEW star.track_daily AS
SELECT
    f.genre, f.date, f.track_id, f.track_key, t.name, t.album_id, a.name AS album_name,
    t.duration_ms, t.is_explicit, t.isrc, f.popularity, f.search_position, f.rank
FROM star.fact_track_daily AS f
LEFT JOIN star.dim_track AS t ON t.track_key = f.track_key
LEFT JOIN star.dim_album AS a ON a.album_id = t.album_id
