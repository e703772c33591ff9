-- Streams of a release on each of the last seven days, beside those that they are held against.
-- Grain: one release on one day.
SELECT
    s.release_id, r.title, s.date, s.streams,
    before.streams AS day_before, week_before.streams AS same_weekday
FROM star.fact_streams_daily AS s
JOIN star.dim_release AS r USING (release_id)
LEFT JOIN star.fact_streams_daily AS before
    ON before.release_id = s.release_id AND before.date = s.date - 1
LEFT JOIN star.fact_streams_daily AS week_before
    ON week_before.release_id = s.release_id AND week_before.date = s.date - 7
WHERE s.date BETWEEN $today - 7 AND $today
ORDER BY s.release_id, s.date
