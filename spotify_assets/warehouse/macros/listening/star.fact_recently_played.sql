-- Every play that the API reported, as the first poll reported it, with the keys of the track and
-- the artist as they are now; album_id is the album's key. Null: the catalog has not seen it.
-- Grain: one played_at and track_id.
CREATE OR REPLACE VIEW star.fact_recently_played AS
SELECT
    play.played_at, play.track_id, track.track_key, play.name, play.artist_id, artist.artist_key,
    play.artist_name, play.album_id, play.album_name, play.duration_ms, play.isrc,
    play.context_uri, play.reported_at, play.source_file, play.source_line, play.source_item
FROM (
    FROM processed.plays
    QUALIFY row_number() OVER (PARTITION BY played_at, track_id ORDER BY reported_at, date) = 1
) AS play
LEFT JOIN star.dim_track AS track ON track.track_id = play.track_id AND track.is_current
LEFT JOIN star.dim_artist AS artist ON artist.artist_id = play.artist_id AND artist.is_current
