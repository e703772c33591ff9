-- How many rows has each export file, and from when to when?
SELECT file_id, package, count(*) AS rows, min(ended_at) AS first, max(ended_at) AS last
FROM read_parquet('data/lake/processed/streams/*/rows.parquet')
GROUP BY file_id, package
ORDER BY first;

-- On which platforms was most of it played, in hours?
SELECT platform, round(sum(ms_played) / 3600000) AS hours
FROM read_parquet('data/lake/processed/streams/*/rows.parquet')
GROUP BY platform
ORDER BY hours DESC
LIMIT 10;

-- In how many rows of all export files does each play stand?
SELECT ended_at, uri, ms_played, count(*) AS rows
FROM read_parquet('data/lake/processed/streams/*/rows.parquet')
GROUP BY ended_at, uri, ms_played
ORDER BY rows DESC, ended_at, uri
LIMIT 10;
