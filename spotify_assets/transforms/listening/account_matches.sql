-- Account data and extended history that agree in names, length and minute (step 5).
-- Grain: one play of account data, and the play of the extended history that it is.
WITH extended AS (
    SELECT
        play,
        ended_at,
        item_key,
        date_trunc('minute', ended_at) AS minute,
        ms_played,
        name_key,
        kind = 'local_file' AS is_local,
        row_number() OVER (
            PARTITION BY date_trunc('minute', ended_at), ms_played, name_key
            ORDER BY ended_at, item_key, row_id
        ) AS nth
    FROM source_records
    WHERE
        row_id = play AND package = 'extended'
        AND ended_at >= (SELECT min(ended_at) FROM source_records WHERE package = 'account')
        AND ended_at
            < (SELECT max(ended_at) + INTERVAL 1 MINUTE FROM source_records WHERE package = 'account')
),
account AS (
    SELECT
        play,
        ended_at AS minute,
        ms_played,
        name_key,
        row_number() OVER (PARTITION BY ended_at, ms_played, name_key ORDER BY item_key, row_id) AS nth
    FROM source_records
    WHERE row_id = play AND package = 'account'
),
by_names AS (
    SELECT a.play, e.play AS of_play
    FROM account AS a
    JOIN extended AS e USING (minute, ms_played, name_key, nth)
    WHERE name_key <> 0
),
local AS (
    SELECT
        play, minute, ms_played,
        row_number() OVER (
            PARTITION BY minute, ms_played ORDER BY ended_at, item_key, play
        ) AS nth
    FROM extended
    ANTI JOIN (SELECT of_play AS play FROM by_names) AS b USING (play)
    WHERE is_local
)
FROM by_names
UNION ALL
SELECT a.play, e.play
FROM account AS a
JOIN local AS e USING (minute, ms_played, nth)
WHERE a.name_key = 0
