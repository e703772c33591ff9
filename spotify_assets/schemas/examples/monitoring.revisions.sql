-- Which days were rewritten last, and by how much did they change?
SELECT revised_at, table_name, genre, date, rows_added, rows_removed
FROM monitoring.revisions
ORDER BY revision_number DESC
LIMIT 10;

-- How much did each version of the rules correct?
SELECT code_version, count(*) AS partitions, sum(rows_added + rows_removed) AS rows
FROM monitoring.revisions
GROUP BY code_version
ORDER BY rows DESC;

-- Which genre-days were corrected most often?
SELECT genre, date, count(DISTINCT revised_at) AS times
FROM monitoring.revisions
GROUP BY genre, date
ORDER BY times DESC, date DESC
LIMIT 10;
