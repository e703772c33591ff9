-- How many files were the tables of releases made from?
SELECT count(*) AS files
FROM monitoring.release_sources;

-- When was the last of them imported?
SELECT max(make_timestamp(modified_ns // 1000)) AS imported_at
FROM monitoring.release_sources;

-- Which of them hold no data, but the label's declaration?
SELECT file
FROM monitoring.release_sources
WHERE regexp_extract(file, 'file=(\w+)', 1) NOT IN (SELECT file_id FROM monitoring.release_files);
