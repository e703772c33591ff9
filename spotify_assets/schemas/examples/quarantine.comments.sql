-- Why were comments set aside?
SELECT set_aside_by, column_name, reason, count(*) AS row_count
FROM quarantine.comments
GROUP BY ALL
ORDER BY row_count DESC;

-- Of which files?
SELECT b.file_name, q.batch_row, q.column_name, q.value, q.reason
FROM quarantine.comments AS q JOIN monitoring.comment_batches AS b USING (batch_id)
ORDER BY ALL;

-- How many could not be read, and how many did a labeller give up?
SELECT if(set_aside_by = 'reading', 'reading', 'labelling') AS step, count(*) AS row_count
FROM quarantine.comments
GROUP BY step;
