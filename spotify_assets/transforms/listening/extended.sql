-- Plays of the extended history. A play is (time, item, ms_played): rows repeat wholly between two
-- exports, and within one. The row of the file that was imported first stands for it.
CREATE TEMP TABLE extended AS
SELECT min(row_id) AS row_id, ended_at, item_key, ms_played
FROM export_rows
WHERE package = 'extended'
GROUP BY ended_at, item_key, ms_played;
