-- Which genres changed last?
SELECT genre, max(make_timestamp(modified_ns // 1000)) AS changed_at
FROM monitoring.genre_folders
WHERE modified_ns > 0
GROUP BY genre
ORDER BY changed_at DESC, genre
LIMIT 10;

-- How many genres does each table have?
SELECT table_name, count(*) AS genres
FROM monitoring.genre_folders
GROUP BY table_name
ORDER BY table_name;

-- Into how many folders does the next publication look in any case, because something waits?
SELECT count(*) FILTER (WHERE modified_ns = 0) AS looked_into, count(*) AS folders
FROM monitoring.genre_folders;
