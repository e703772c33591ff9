-- Which files are of no known release, and what is declared that is near?
SELECT file_name, unmatched, nearest
FROM monitoring.release_files
ORDER BY unmatched DESC;

-- Of which files was something set aside?
SELECT file_name, received, quarantined
FROM monitoring.release_files
ORDER BY quarantined DESC;

-- When was each kind downloaded last?
SELECT source, kind, max(downloaded_at) AS downloaded_at
FROM monitoring.release_files
GROUP BY ALL;
