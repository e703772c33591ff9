-- Every play with its names, its class, the listener's time, and how much is known of its day.
-- Grain: one play. Filter on ended_at: local_at and local_date are computed.
CREATE OR REPLACE VIEW star.plays AS
SELECT
    play.ended_at,
    listening.local_time(play.ended_at) AS local_at,
    listening.local_time(play.ended_at)::DATE AS local_date,
    listening.play_class(
        item.kind, play.ms_played, play.is_skipped, play.reason_end, play.is_incognito
    ) AS class,
    item.name,
    item.artist_name,
    item.album_name,
    item.kind,
    item.track_id,
    item.recording,
    item.duration_ms,
    play.* EXCLUDE (ended_at, kind),
    coalesce(known.coverage, 'unknown') AS coverage
FROM star.fact_play AS play
JOIN star.dim_item AS item USING (item_key)
LEFT JOIN star.play_coverage AS known ON known.date = play.ended_at::DATE
