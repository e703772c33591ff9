-- Plays that files may tell of in different words, each as every row of it has it.
-- Grain: one play, end, length and entity; of a local file a second time, as the entity 0.
CREATE OR REPLACE TEMP TABLE told AS
WITH plays AS (
    SELECT
        play, list(DISTINCT edition) AS editions, bool_or(package = 'account') AS is_in_account
    FROM source_records
    WHERE play IN (
        SELECT play
        FROM source_records AS t
        SEMI JOIN contested AS c ON c.entity = t.entity AND c.day = t.ended_at::DATE
        UNION
        SELECT play
        FROM source_records AS t
        SEMI JOIN contested AS c ON c.entity = 0 AND c.day = t.ended_at::DATE
        WHERE t.kind = 'local_file' OR t.name_key = 0
    )
    GROUP BY play
),
rows AS (
    SELECT DISTINCT
        p.*,
        s.ended_at AS spoken_at, s.ms_played AS spoken_ms, s.item_key,
        t.package, t.ended_at, t.ms_played,
        t.kind = 'local_file' AND t.package = 'extended' AS is_local,
        if(t.name_key = 0 AND t.package = 'account', 0, t.entity) AS entity
    FROM plays AS p
    JOIN source_records AS t USING (play)
    JOIN source_records AS s ON s.row_id = p.play
)
FROM rows
UNION ALL
SELECT * REPLACE (0 AS entity) FROM rows WHERE is_local;

-- Two of them that no file tells both of, and how far apart they are. Where a row of the extended
-- history meets one of account data, the former is of `one`.
-- Grain: one pair of such rows.
CREATE OR REPLACE TEMP TABLE match_candidates AS
WITH pairs AS (
    SELECT
        a.play AS one, b.play AS other,
        a.package AS one_package, b.package AS other_package,
        a.editions AS one_editions, b.editions AS other_editions,
        a.entity,
        a.ms_played AS one_ms, b.ms_played AS other_ms,
        b.ended_at AS other_at,
        a.ended_at AS one_end,
        -- Of account data, whichever second of the minute is the nearest.
        if(
            a.package <> b.package,
            greatest(b.ended_at, least(a.ended_at, b.ended_at + INTERVAL 59 SECOND)),
            b.ended_at
        ) AS other_end
    FROM told AS a
    JOIN (SELECT *, ended_at::DATE + unnest([-1, 0, 1]) AS day FROM told) AS b
        ON b.entity = a.entity AND b.day = a.ended_at::DATE
    WHERE
        (a.package > b.package OR (a.package = b.package AND a.play < b.play))
        AND NOT list_has_any(a.editions, b.editions)
)
SELECT
    *,
    abs(epoch_ms(one_end) - epoch_ms(other_end)) / 1000 AS distance,
    least(epoch_ms(one_end), epoch_ms(other_end))
        - greatest(epoch_ms(one_end) - one_ms, epoch_ms(other_end) - other_ms) AS overlap_ms
FROM pairs;
