-- Why were objects set aside?
SELECT table_name, reason, count(*) AS objects
FROM quarantine.rows
GROUP BY table_name, reason
ORDER BY objects DESC, reason
LIMIT 10;

-- On which genre-days was most set aside?
SELECT genre, date, count(*) AS objects
FROM quarantine.rows
GROUP BY genre, date
ORDER BY objects DESC, date DESC, genre
LIMIT 10;

-- Where in the responses do those stand that were set aside last?
SELECT date, source_file, source_line, source_pointer, reason
FROM quarantine.rows
ORDER BY date DESC, source_file, source_line, source_pointer
LIMIT 10;
