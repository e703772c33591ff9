-- Which model predicts now, and what did it learn from?
SELECT model_version, trained_at, first_day, last_day, releases, candidates, why_no_lightgbm
FROM predictions.models
WHERE is_current;

-- Which models took themselves out, and when?
SELECT model_version, trained_at, withdrawn_on
FROM predictions.models
ORDER BY withdrawn_on NULLS LAST;

-- Where does each lie in the lake?
SELECT model_version, file, code_version
FROM predictions.models
ORDER BY trained_at;
