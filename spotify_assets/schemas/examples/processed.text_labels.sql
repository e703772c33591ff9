-- How many texts has each version labelled?
SELECT labeller, version, count(*) AS texts
FROM read_parquet('data/lake/processed/text_labels/*/*.parquet')
GROUP BY ALL;

-- What could not be labelled, and why?
SELECT text_id, labeller, reason
FROM read_parquet('data/lake/processed/text_labels/*/*.parquet')
WHERE reason IS NOT NULL;

-- How many texts were labelled in each hour?
SELECT date_trunc('hour', labelled_at) AS hour, count(*) AS texts
FROM read_parquet('data/lake/processed/text_labels/*/*.parquet')
GROUP BY hour;
