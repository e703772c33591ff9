-- The facts of artists, each once, with the artist's name on that day.
-- Grain: one artist of a genre-day.
CREATE OR REPLACE VIEW star.artist_daily AS
SELECT
    f.genre, f.date, f.artist_id, f.artist_key, a.name, a.is_inferred, f.popularity, f.followers,
    f.search_position, f.rank
FROM star.fact_artist_daily AS f
LEFT JOIN star.dim_artist AS a ON a.artist_key = f.artist_key
