-- Why were rows set aside?
SELECT reason, count(*) AS rows
FROM quarantine.release_rows
GROUP BY ALL
ORDER BY rows DESC;

-- Where do they stand?
SELECT file_name, source_line, column_name, value, reason
FROM quarantine.release_rows
ORDER BY file_name, source_line
LIMIT 20;

-- Which share of the rows of a file was set aside?
SELECT file_name, count(DISTINCT source_line) / any_value(received) AS share
FROM quarantine.release_rows JOIN monitoring.release_files USING (file_id, file_name)
GROUP BY ALL
ORDER BY share DESC;
