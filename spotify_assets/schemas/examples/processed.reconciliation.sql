-- Is every object that came accounted for: kept, duplicate or set aside?
SELECT
    table_name,
    sum(received) AS received,
    sum(kept) AS kept,
    sum(duplicate) AS duplicate,
    sum(quarantined) AS quarantined
FROM processed.reconciliation
GROUP BY table_name
ORDER BY table_name;

-- On which genre-days was the largest share set aside?
SELECT genre, date, sum(quarantined) / sum(received) AS share_quarantined
FROM processed.reconciliation
GROUP BY genre, date
HAVING sum(received) > 0
ORDER BY share_quarantined DESC, date DESC, genre
LIMIT 10;

-- How many tracks came in each day, over all genres?
SELECT date, sum(kept) AS tracks
FROM processed.reconciliation
WHERE table_name = 'tracks'
GROUP BY date
ORDER BY date;
