-- Why could rows of exports and items of polls not be read?
SELECT source, reason, count(*) AS rows
FROM quarantine.plays
GROUP BY source, reason
ORDER BY rows DESC, reason
LIMIT 10;

-- Which files have most of them?
SELECT source_file, count(*) AS rows
FROM quarantine.plays
GROUP BY source_file
ORDER BY rows DESC, source_file
LIMIT 10;

-- Where in the file does each of them stand?
SELECT source_file, source_pointer, reason
FROM quarantine.plays
ORDER BY source_file, source_pointer
LIMIT 10;
