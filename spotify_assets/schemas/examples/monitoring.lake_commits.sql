-- How often did each genre change?
SELECT genre, commit_number AS changes
FROM monitoring.lake_commits
ORDER BY changes DESC, genre;

-- How many commits is the warehouse made of?
SELECT sum(commit_number) AS commits FROM monitoring.lake_commits;

-- Which genres changed and hold nothing any more?
SELECT genre, commit_number
FROM monitoring.lake_commits
ANTI JOIN monitoring.partitions USING (genre)
ORDER BY genre;
