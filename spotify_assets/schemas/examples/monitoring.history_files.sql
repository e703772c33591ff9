-- From how many files were the tables of plays made?
SELECT table_name, count(*) AS files, sum(bytes) AS bytes
FROM monitoring.history_files
GROUP BY table_name
ORDER BY table_name;

-- Which of them were written last?
SELECT file, make_timestamp(modified_ns // 1000) AS written_at
FROM monitoring.history_files
ORDER BY modified_ns DESC, file
LIMIT 10;

-- Which are the largest?
SELECT file, bytes
FROM monitoring.history_files
ORDER BY bytes DESC, file
LIMIT 10;
