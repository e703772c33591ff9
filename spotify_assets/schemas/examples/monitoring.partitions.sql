-- How many genre-days does each table have, and how large are they?
SELECT table_name, count(*) AS partitions, sum(bytes) AS bytes
FROM monitoring.partitions
GROUP BY table_name
ORDER BY bytes DESC;

-- Which partitions were written last?
SELECT table_name, genre, date, make_timestamp(modified_ns // 1000) AS written_at
FROM monitoring.partitions
ORDER BY modified_ns DESC, table_name
LIMIT 10;

-- How many tables has each genre-day?
SELECT tables, count(*) AS genre_days
FROM (
    SELECT genre, date, count(*) AS tables
    FROM monitoring.partitions
    GROUP BY genre, date
)
GROUP BY tables;
