-- Who left the rankings last, and from which rank?
SELECT genre, date, kind, name, last_rank
FROM rankings.departures
WHERE reason = 'left'
ORDER BY date DESC, last_rank
LIMIT 10;

-- How many really left, and of how many was it just not asked?
SELECT kind, reason, count(*) AS departures
FROM rankings.departures
GROUP BY kind, reason
ORDER BY kind, reason;

-- Which ranking loses the most tracks?
SELECT genre, count(*) AS departures, round(avg(last_rank)) AS average_rank
FROM rankings.departures
WHERE kind = 'track' AND reason = 'left'
GROUP BY genre
ORDER BY departures DESC;
