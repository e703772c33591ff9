-- Every play that the API reported, as the first poll reported it.
-- Grain: one played_at and track_id.
CREATE OR REPLACE VIEW star.fact_recently_played AS
SELECT * EXCLUDE (date)
FROM processed.plays
QUALIFY row_number() OVER (PARTITION BY played_at, track_id ORDER BY reported_at, date) = 1
