-- A listening history of getvariable('plays') plays of getvariable('items') things, from hashes.
-- Every 50th thing is a podcast, every 77th a file of the listener's own; of every 10 tracks one
-- shares its recording with another. One play in 50 is known from the API alone.
INSERT INTO star.dim_item BY NAME
SELECT
    (hash(number) >> 1)::BIGINT AS item_key,
    'spotify:track:' || number AS item,
    CASE WHEN number % 50 = 0 THEN 'podcast' WHEN number % 77 = 0 THEN 'local_file' ELSE 'music' END
        AS kind,
    CASE WHEN number % 10 = 1 THEN 'ISRC' || number // 20 ELSE 'spotify:track:' || number END
        AS recording,
    'Track ' || number AS name,
    'Artist ' || number % 9973 AS artist_name,
    'Album ' || number // 10 AS album_name,
    200000 AS duration_ms,
    'export' AS known_from
FROM range(getvariable('items')) AS things (number);

INSERT INTO star.fact_play BY NAME
SELECT
    -- To the second, over twenty years.
    TIMESTAMP '2006-01-01' + to_seconds(number * 631152000 // getvariable('plays')) AS ended_at,
    -- The cube favours small numbers: favourites.
    (hash(
        floor(((hash(number) % 1000003)::DOUBLE / 1000003) ** 3 * getvariable('items'))::BIGINT
    ) >> 1)::BIGINT AS item_key,
    CASE WHEN hash(number + 1) % 50 > 0 THEN (hash(number + 2) % 300000)::BIGINT END AS ms_played,
    '' AS kind,
    0 AS ms_heard,
    CASE WHEN hash(number + 1) % 50 > 0 THEN 'extended' ELSE 'api' END AS source,
    'second' AS confidence,
    false AS is_in_account,
    hash(number + 1) % 50 = 0 AS is_in_api,
    ['fwdbtn', 'trackdone', 'endplay'][1 + (hash(number + 3) % 3)::BIGINT] AS reason_end,
    hash(number + 4) % 9 = 0 AS is_skipped,
    hash(number + 5) % 100 = 0 AS is_incognito,
    number // 12 + 1 AS session,
    false AS is_first_play,
    'raw/streaming_history/rows.parquet' AS source_file,
    number + 1 AS source_line
FROM range(getvariable('plays')) AS plays (number)
ORDER BY ended_at;

UPDATE star.fact_play AS play
SET kind = item.kind, ms_heard = coalesce(play.ms_played, item.duration_ms)
FROM star.dim_item AS item
WHERE item.item_key = play.item_key;

UPDATE star.fact_play AS play
SET first_at = first.at
FROM (
    SELECT item.item_key, min(firsts.ended_at) AS at
    FROM star.dim_item AS item
    JOIN star.plays AS firsts USING (recording)
    WHERE firsts.class = 'counted'
    GROUP BY ALL
) AS first
WHERE first.item_key = play.item_key;

UPDATE star.fact_play
SET is_first_play = true
WHERE source_line IN (
    SELECT min(source_line)
    FROM star.plays
    WHERE class = 'counted'
    GROUP BY recording
);

-- Written as a publication writes it: what was updated in place is read more slowly.
CREATE TEMP TABLE told AS FROM star.fact_play;
TRUNCATE star.fact_play;
INSERT INTO star.fact_play FROM told ORDER BY ended_at;
DROP TABLE told;

INSERT INTO star.play_coverage
SELECT ended_at::DATE, 'complete', count(*) FROM star.fact_play GROUP BY ALL;
