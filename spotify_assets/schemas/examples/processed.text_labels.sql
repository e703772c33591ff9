-- How many texts has each version labelled?
SELECT labeller, version, count(*) AS texts
FROM read_parquet('data/lake/processed/text_labels/*/*.parquet')
GROUP BY ALL;

-- How many texts could not be labelled?
SELECT labeller, version, count(reason) AS given_up
FROM read_parquet('data/lake/processed/text_labels/*/*.parquet')
GROUP BY ALL;

-- How many texts were labelled in each hour?
SELECT date_trunc('hour', labelled_at) AS hour, count(*) AS texts
FROM read_parquet('data/lake/processed/text_labels/*/*.parquet')
GROUP BY hour;
