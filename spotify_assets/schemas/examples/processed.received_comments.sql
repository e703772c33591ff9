-- How often did the same comment come?
SELECT comment_id, count(*) AS times
FROM read_parquet('data/lake/processed/received_comments/*/rows.parquet')
GROUP BY comment_id
HAVING times > 1;

-- How did a comment change?
SELECT received_at, text
FROM read_parquet('data/lake/processed/received_comments/*/rows.parquet')
WHERE source_id = '1'
ORDER BY received_at;

-- How many came on each day?
SELECT received_at::DATE AS day, count(*) AS row_count
FROM read_parquet('data/lake/processed/received_comments/*/rows.parquet')
GROUP BY day;
