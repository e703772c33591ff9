-- Is every row of every export accounted for?
SELECT
    file_name,
    received,
    counted + short + skipped + podcast + audiobook + local_file + incognito AS plays,
    duplicate,
    unreadable
FROM monitoring.imports
ORDER BY file_name;

-- Which time does each export file tell of?
SELECT file_name, package, first_at, last_at, imported_at
FROM monitoring.imports
ORDER BY first_at;

-- Which share of what came counts?
SELECT package, round(sum(counted) / sum(received), 3) AS share_counted
FROM monitoring.imports
GROUP BY package;
