-- How often did each check not pass, and when last?
SELECT
    check_name,
    asset,
    count(*) FILTER (WHERE NOT passed) AS times_not_passed,
    max(checked_at) FILTER (WHERE NOT passed) AS last_not_passed
FROM monitoring.check_results
GROUP BY check_name, asset
ORDER BY times_not_passed DESC, check_name, asset
LIMIT 10;

-- When was each check made last?
SELECT check_name, count(*) AS results, max(checked_at) AS last
FROM monitoring.check_results
GROUP BY check_name
ORDER BY check_name;

-- What did the checks of the latest run find?
SELECT check_name, asset, genre, date, passed, details
FROM monitoring.check_results
WHERE run_id = (SELECT arg_max(run_id, result_number) FROM monitoring.check_results)
ORDER BY result_number;
