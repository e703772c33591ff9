-- What does the warehouse lack now, and why?
SELECT genre, date, table_name, reason
FROM monitoring.damaged_files
ORDER BY found_at DESC, file;

-- Which genre-days must be made again?
SELECT DISTINCT genre, date
FROM monitoring.damaged_files
WHERE genre IS NOT NULL
ORDER BY date, genre;

-- Does the warehouse hold all that the lake has?
SELECT count(*) = 0 AS holds_all
FROM monitoring.damaged_files;
