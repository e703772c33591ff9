-- In which decades were the albums released?
SELECT year(released_from) // 10 * 10 AS decade, count(*) AS albums
FROM star.dim_album
GROUP BY decade
ORDER BY decade;

-- Which albums are the newest?
SELECT name, album_type, release_date
FROM star.dim_album
ORDER BY released_from DESC NULLS LAST, name
LIMIT 10;

-- Of which albums were the most tracks seen?
SELECT album.name, count(*) AS tracks_seen, any_value(album.total_tracks) AS total_tracks
FROM star.dim_album AS album
JOIN star.dim_track AS track ON track.album_id = album.album_id AND track.is_current
GROUP BY album.album_id, album.name
ORDER BY tracks_seen DESC, album.name
LIMIT 10;
