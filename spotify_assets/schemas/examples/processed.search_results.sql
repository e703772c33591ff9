-- How deep was each genre searched on the latest day?
SELECT genre, kind, max(position) AS deepest
FROM processed.search_results
WHERE date = (SELECT max(date) FROM processed.search_results)
GROUP BY genre, kind
ORDER BY genre, kind;

-- What did the search list more than once?
SELECT genre, date, kind, id, list(position ORDER BY position) AS positions
FROM processed.search_results
GROUP BY genre, date, kind, id
HAVING count(*) > 1
ORDER BY len(positions) DESC, date DESC, genre, id
LIMIT 10;

-- What stood first in the search, day by day?
SELECT result.genre, result.date, track.name
FROM processed.search_results AS result
JOIN processed.tracks AS track
    ON track.genre = result.genre
    AND track.date = result.date
    AND track.track_id = result.id
WHERE result.kind = 'track' AND result.position = 1
ORDER BY result.genre, result.date;
