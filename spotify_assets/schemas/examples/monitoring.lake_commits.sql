-- How often did each genre change?
SELECT genre, commit_number AS changes
FROM monitoring.lake_commits
ORDER BY changes DESC, genre;

-- How many commits is the warehouse made of?
SELECT sum(commit_number) AS commits FROM monitoring.lake_commits;

-- How many genre-days does each genre have, and by how many commits did they come?
SELECT genre, any_value(commit_number) AS commits, count(DISTINCT date) AS days
FROM monitoring.lake_commits
LEFT JOIN monitoring.partitions USING (genre)
GROUP BY genre
ORDER BY genre;
