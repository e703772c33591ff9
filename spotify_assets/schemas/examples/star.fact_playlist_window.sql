-- Which playlists brought the most, as they were downloaded last?
SELECT playlist, author, sum(streams) AS streams
FROM star.fact_playlist_window
WHERE downloaded_on = (SELECT max(downloaded_on) FROM star.fact_playlist_window)
GROUP BY ALL
ORDER BY streams DESC;

-- Which releases were on Release Radar?
SELECT DISTINCT r.title, p.downloaded_on
FROM star.fact_playlist_window AS p JOIN star.dim_release AS r USING (release_id)
WHERE p.playlist = 'Release Radar'
ORDER BY p.downloaded_on;

-- Which share of the streams comes from Spotify's own playlists?
SELECT release_id, sum(streams) FILTER (author = 'Spotify') / sum(streams) AS share
FROM star.fact_playlist_window
GROUP BY ALL;
