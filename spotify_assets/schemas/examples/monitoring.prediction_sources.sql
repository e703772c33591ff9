-- How many models, and how many days of predictions, are there?
SELECT regexp_extract(file, '^predictions/(\w+)/', 1) AS what, count(*) AS files
FROM monitoring.prediction_sources
GROUP BY ALL;

-- When was something predicted last?
SELECT max(make_timestamp(modified_ns // 1000)) AS predicted_at
FROM monitoring.prediction_sources;

-- How much room do they take?
SELECT sum(bytes) AS bytes
FROM monitoring.prediction_sources;
