-- Is every object that came accounted for: kept, repeated or set aside?
SELECT
    table_name,
    sum(received) AS received,
    sum(kept) AS kept,
    sum(repeated) AS repeated,
    sum(quarantined) AS quarantined
FROM processed.intake
GROUP BY table_name
ORDER BY table_name;

-- On which genre-days was the largest share set aside?
SELECT genre, date, sum(quarantined) / sum(received) AS share_quarantined
FROM processed.intake
GROUP BY genre, date
HAVING sum(received) > 0
ORDER BY share_quarantined DESC, date DESC, genre
LIMIT 10;

-- How many tracks came in each day, over all genres?
SELECT date, sum(kept) AS tracks
FROM processed.intake
WHERE table_name = 'tracks'
GROUP BY date
ORDER BY date;
