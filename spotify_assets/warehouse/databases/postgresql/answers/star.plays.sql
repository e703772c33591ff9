-- Every play with its names, its class, the listener's time, and how much is known of its day.
-- Grain: one play. Filter on ended_at: local_at and local_date are computed.
CREATE OR REPLACE VIEW star.plays AS
SELECT
    play.ended_at,
    listening.local_time(play.ended_at) AS local_at,
    listening.local_time(play.ended_at)::date AS local_date,
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
    play.item_key,
    play.ms_played,
    play.ms_heard,
    play.source,
    play.confidence,
    play.is_in_account,
    play.is_in_api,
    play.reason_start,
    play.reason_end,
    play.is_shuffle,
    play.is_skipped,
    play.is_offline,
    play.is_incognito,
    play.platform,
    play.country,
    play.session,
    play.first_at,
    play.is_first_play,
    play.source_file,
    play.source_line,
    coalesce(known.coverage, 'unknown') AS coverage
FROM star.fact_play AS play
JOIN star.dim_item AS item ON item.item_key = play.item_key
LEFT JOIN star.play_coverage AS known ON known.date = play.ended_at::date
