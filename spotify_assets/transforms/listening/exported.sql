-- Plays of all exports, each once, by the row that speaks. Grain: one play.
CREATE TEMP TABLE exported AS
SELECT
    t.row_id,
    t.ended_at,
    t.item_key,
    t.entity,
    t.ms_played,
    t.package AS source,
    a.play IS NOT NULL AS is_in_account,
    lag(t.ended_at) OVER (ORDER BY t.ended_at, t.row_id) AS end_before,
    e.first_at AS file_first_at,
    e.last_at AS file_last_at
FROM source_records AS t
JOIN editions AS e USING (edition)
LEFT JOIN (SELECT DISTINCT play FROM source_records WHERE package = 'account') AS a
    ON a.play = t.row_id
WHERE t.row_id = t.play;
