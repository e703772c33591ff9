-- Which releases are the most likely to enter a playlist of Spotify's, next?
SELECT release_id, playlist, min(date) AS from_day, max(probability) AS a_day
FROM predictions.playlist_triggers
WHERE status = 'predicted'
GROUP BY release_id, playlist
ORDER BY a_day DESC;

-- Is the chance any better than the base rate?
SELECT DISTINCT playlist, method, brier, base_brier, windows, entries
FROM predictions.playlist_triggers
WHERE status = 'predicted';

-- What does it take to tell?
SELECT DISTINCT playlist, needs
FROM predictions.playlist_triggers
WHERE status = 'too little data';
