-- Which share of the listeners saves a song?
SELECT r.title, w.window_name, w.saves / nullif(w.listeners, 0) AS share
FROM star.fact_song_window AS w JOIN star.dim_release AS r USING (release_id)
ORDER BY share DESC;

-- How often does a listener listen to it?
SELECT release_id, window_name, streams / nullif(listeners, 0) AS streams_a_listener
FROM star.fact_song_window;

-- Which windows were downloaded, and when?
SELECT window_name, downloaded_on, count(*) AS songs
FROM star.fact_song_window
GROUP BY ALL
ORDER BY downloaded_on DESC;
