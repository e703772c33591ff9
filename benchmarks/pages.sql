-- What the pages show beside the plays of answers.sql: getvariable('genre_days') genre-days of the
-- last days of 2025, a ranking of 50 tracks and 50 artists in each; and getvariable('comments')
-- comments of the last two years, from hashes.
CREATE TEMP TABLE genre_days AS
SELECT 'genre ' || lpad((number % 100)::VARCHAR, 2, '0') AS genre,
    DATE '2025-12-31' - (number // 100)::INTEGER AS date
FROM range(getvariable('genre_days')) AS days (number);

INSERT INTO star.dim_genre BY NAME
SELECT genre, min(date) AS first_date, max(date) AS last_date, count(*)::INTEGER AS days_collected
FROM genre_days
GROUP BY genre;

CREATE TEMP TABLE ranked AS
SELECT
    genre,
    date,
    rank::INTEGER AS rank,
    -- One place of ten changes each day.
    left(md5(genre || (rank + 50 * ((epoch(date) // 86400 + rank) // 10))), 22) AS id,
    (100 - rank)::INTEGER AS popularity,
    CASE WHEN (epoch(date) // 86400 + rank) % 10 = 0 THEN 'new' ELSE 'same' END AS status
FROM genre_days, range(1, 51) AS ranks (rank)
ORDER BY ALL;

INSERT INTO rankings.top_tracks BY NAME
SELECT genre, date, rank, id AS track_id, 'Track ' || left(id, 6) AS name,
    ['Artist ' || left(id, 4)] AS artist_names, popularity AS score, 'popularity' AS basis,
    rank AS search_position, rank AS previous_rank, date - 1 AS previous_date, 0 AS movement, status
FROM ranked;

INSERT INTO rankings.top_artists BY NAME
SELECT genre, date, rank, id AS artist_id, 'Artist ' || left(id, 6) AS name, popularity AS score,
    'popularity' AS basis, rank AS search_position, rank AS previous_rank,
    date - 1 AS previous_date, 0 AS movement, status
FROM ranked;

INSERT INTO star.fact_track_daily BY NAME
SELECT genre, date, id AS track_id, popularity, rank AS search_position, rank,
    (hash(id) >> 1)::BIGINT AS track_key
FROM ranked;

INSERT INTO star.fact_artist_daily BY NAME
SELECT genre, date, id AS artist_id, popularity, rank AS search_position, rank,
    (hash(id) >> 1)::BIGINT AS artist_key
FROM ranked;

INSERT INTO rankings.departures BY NAME
SELECT genre, date, kind, id, 'Track ' || left(id, 6) AS name, 'popularity' AS basis,
    rank AS last_rank, date - 1 AS last_date, 'not found' AS reason
FROM ranked, (VALUES ('track'), ('artist')) AS kinds (kind)
WHERE status = 'new';

INSERT INTO comments.categories BY NAME
SELECT category, category AS name_en, category AS name_pt, category AS name_es
FROM unnest(['praise', 'criticism', 'question', 'request', 'spam', 'unsure']) AS all_ (category);

INSERT INTO comments.topics BY NAME
SELECT 'topic ' || number AS topic, 'topic ' || number AS name_en, 'topic ' || number AS name_pt,
    'topic ' || number AS name_es, 'made up' AS meaning, 1000 AS comments
FROM range(20) AS topics (number);

INSERT INTO comments.comments BY NAME
SELECT
    md5(number::VARCHAR) AS comment_id,
    DATE '2025-12-31' - (number % 730)::INTEGER AS date,
    'A comment, number ' || number || ', of some length as people write them: **bold**?' AS text,
    'web' AS source,
    ['en', 'pt', 'es'][1 + number % 3] AS language,
    (DATE '2025-12-31' - (number % 730)::INTEGER)::TIMESTAMP AS received_at,
    (DATE '2025-12-31' - (number % 730)::INTEGER)::TIMESTAMP AS first_received_at,
    md5('text ' || number) AS text_id,
    'batch' AS batch_id,
    number AS batch_row
FROM range(getvariable('comments')) AS comments (number)
ORDER BY date, number;

INSERT INTO comments.current_label BY NAME
SELECT
    comment_id,
    ['praise', 'criticism', 'question', 'request', 'spam', 'unsure'][1 + batch_row % 6] AS category,
    ['topic ' || batch_row % 20, 'topic ' || batch_row % 7] AS topics,
    'model' AS decided_by,
    received_at AS decided_at,
    false AS is_contested,
    'made up' AS labeller,
    'v1' AS version,
    ['praise', 'criticism', 'question', 'request', 'spam', 'unsure'][1 + batch_row % 6]
        AS labelled_as,
    (hash(batch_row) % 1000)::DOUBLE / 1000 AS label_confidence
FROM comments.comments;

INSERT INTO comments.labels BY NAME
SELECT comment_id, labeller, version, category, label_confidence, topics,
    []::VARCHAR[] AS proposed_topics, decided_at AS labelled_at, comment_id AS label_key,
    true AS is_newest
FROM comments.current_label;
