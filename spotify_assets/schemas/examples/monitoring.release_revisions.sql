-- Which numbers did a later download change the most?
SELECT subject_id, date, measure, earlier, later
FROM monitoring.release_revisions
ORDER BY abs(later - earlier) DESC
LIMIT 10;

-- How old are days when they are still changed?
SELECT f.downloaded_at::DATE - r.date AS days, count(*) AS numbers
FROM monitoring.release_revisions AS r JOIN monitoring.release_files AS f USING (file_id)
GROUP BY ALL
ORDER BY days;

-- Which downloads changed anything?
SELECT f.file_name, count(*) AS numbers
FROM monitoring.release_revisions AS r JOIN monitoring.release_files AS f USING (file_id)
GROUP BY ALL;
