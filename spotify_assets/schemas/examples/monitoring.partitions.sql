-- How many genre-days does each table have, and how large are they?
SELECT table_name, count(*) AS partitions, sum(bytes) AS bytes
FROM monitoring.partitions
GROUP BY table_name
ORDER BY bytes DESC;

-- In which files do the most days lie together?
SELECT table_name, file, count(*) AS days
FROM monitoring.partitions
GROUP BY table_name, file
ORDER BY days DESC, table_name, file
LIMIT 10;

-- How many tables has each genre-day?
SELECT tables, count(*) AS genre_days
FROM (
    SELECT genre, date, count(*) AS tables
    FROM monitoring.partitions
    GROUP BY genre, date
)
GROUP BY tables;
