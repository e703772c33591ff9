-- Tracks of a genre-day against the day that lies $days_back days before; only those
-- that as many were wanted on.
-- Grain: one genre-day whose day before is there.
SELECT t.genre, t.date, t.kept AS value, before.kept AS usual
FROM processed.reconciliation AS t
JOIN processed.reconciliation AS before
    ON before.genre = t.genre AND before.table_name = t.table_name AND before.date = t.date - $days_back
JOIN processed.extracts AS asked ON asked.genre = t.genre AND asked.date = t.date
JOIN processed.extracts AS asked_before
    ON asked_before.genre = t.genre AND asked_before.date = before.date
WHERE ($of_all OR t.genre IN (SELECT genre FROM asked_days))
    AND t.table_name = 'tracks' AND asked.tracks_wanted = asked_before.tracks_wanted
ORDER BY t.genre, t.date
