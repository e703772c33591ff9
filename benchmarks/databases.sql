-- A published file with many facts of tracks: genres × days × tracks, each of 2,000 tracks a genre.
CREATE TEMP TABLE genres AS SELECT number, 'genre ' || number AS genre FROM range($genres) AS g (number);
CREATE TEMP TABLE days AS SELECT number, DATE '2025-01-01' + number::INTEGER AS date FROM range($days) AS d (number);
INSERT INTO star.dim_genre SELECT genre, (SELECT min(date) FROM days), (SELECT max(date) FROM days), $days FROM genres;
INSERT INTO star.dim_date
SELECT date, year(date), quarter(date), month(date), day(date), week(date), isodow(date), isodow(date) > 5 FROM days;
INSERT INTO star.dim_track BY NAME
SELECT
    genres.number * 2000 + one.number AS track_key,
    lpad(md5((genres.number * 2000 + one.number)::VARCHAR)[:20], 22, 'x') AS track_id,
    'Track ' || one.number || ' of ' || genre AS name,
    180000 + one.number AS duration_ms,
    DATE '2025-01-01' AS valid_from,
    true AS is_current
FROM genres, range(2000) AS one (number);
INSERT INTO star.fact_track_daily BY NAME
SELECT
    one.genre,
    one.date,
    track.track_id,
    track.track_key,
    (one.rank % 100)::INTEGER AS popularity,
    one.rank::INTEGER AS search_position,
    one.rank::INTEGER AS rank
FROM (
    SELECT
        genres.number AS genre_number, genre, days.number AS day_number, date, rank,
        genres.number * 2000 + (rank + days.number * 7) % 2000 AS track_key
    FROM genres, days, range(1, $tracks + 1) AS r (rank)
) AS one
JOIN star.dim_track AS track ON track.track_key = one.track_key
ORDER BY genre_number, date;
