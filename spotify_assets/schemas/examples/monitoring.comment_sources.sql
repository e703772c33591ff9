-- Of how many files are the tables of comments made?
SELECT count(*) AS files, sum(bytes) AS bytes
FROM monitoring.comment_sources;

-- Which were written last?
SELECT file, make_timestamp(modified_ns // 1000) AS written_at
FROM monitoring.comment_sources
ORDER BY modified_ns DESC
LIMIT 5;

-- Which are the largest?
SELECT file, bytes
FROM monitoring.comment_sources
ORDER BY bytes DESC
LIMIT 5;
