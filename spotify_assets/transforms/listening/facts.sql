-- Every play once, in order of time. Grain: one play.
CREATE TEMP TABLE facts AS
WITH plays AS (
    SELECT
        x.ended_at,
        x.item_key,
        x.ms_played,
        x.source,
        CASE x.source WHEN 'extended' THEN 'second' ELSE 'minute' END AS confidence,
        x.is_in_account,
        s.report_id IS NOT NULL AS is_in_api,
        e.reason_start,
        e.reason_end,
        e.is_shuffle,
        e.is_skipped,
        e.is_offline,
        e.is_incognito,
        e.platform,
        e.country,
        f.raw_file AS source_file,
        e.position AS source_line
    FROM exported AS x
    JOIN export_rows AS e USING (row_id)
    JOIN import_files AS f USING (file_id)
    LEFT JOIN same_reported AS s USING (row_id)
    UNION ALL BY NAME
    SELECT
        r.played_at AS ended_at,
        r.item_key,
        'api' AS source,
        'reported' AS confidence,
        false AS is_in_account,
        true AS is_in_api,
        r.source_file,
        r.place AS source_line
    FROM reported AS r
    ANTI JOIN same_reported AS s USING (report_id)
),
classified AS (
    SELECT
        p.*,
        i.recording,
        i.kind,
        coalesce(p.ms_played, i.duration_ms, 0) AS ms_heard,
        listening.play_class(i.kind, p.ms_played, p.is_skipped, p.reason_end, p.is_incognito) AS class,
        -- Of unknown length, it is a moment: its time may be the start or the end.
        p.ended_at - to_milliseconds(coalesce(p.ms_played, 0)) AS started_at
    FROM plays AS p
    JOIN items AS i USING (item_key)
),
numbered AS (
    SELECT
        *,
        row_number() OVER (
            ORDER BY ended_at, started_at, item_key, source, source_file, source_line
        ) AS number
    FROM classified
),
compared AS (
    SELECT
        *,
        coalesce(started_at - lag(ended_at) OVER (ORDER BY number) > INTERVAL 30 MINUTE, false)
            AS is_after_pause,
        min(CASE WHEN class = 'counted' THEN {number: number, moment: ended_at} END)
            OVER (PARTITION BY recording) AS first
    FROM numbered
)
SELECT
    * EXCLUDE (recording, class, started_at, is_after_pause, first, number),
    -- A sum: DuckDB counts with a filter over a growing window anew for each row.
    1 + sum(is_after_pause::INTEGER) OVER (ORDER BY number ROWS UNBOUNDED PRECEDING) AS session,
    first.moment AS first_at,
    coalesce(number = first.number, false) AS is_first_play
FROM compared
ORDER BY number;

-- Grain: one item that a play has.
CREATE TEMP TABLE played_items AS
FROM items SEMI JOIN facts USING (item_key);
