-- The sessions that began in a window: from one pause of over 30 minutes, or of over `gap_minutes`,
-- to the next.
-- Grain: one session. Parameters: local days, both inclusive; the classes of plays; from how many
-- seconds on music counts; the pause.
-- All times are the listener's. The coverage is that of its first and last day in UTC.
CREATE OR REPLACE MACRO listening.sessions(
    from_date, to_date, classes := ['counted'], min_seconds := 30, gap_minutes := 30
) AS TABLE
WITH whole AS (
    SELECT
        session,
        make_timestamp_ms(min(epoch_ms(ended_at) - coalesce(ms_played, 0))) AS started_at,
        max(ended_at) AS ended_at,
        count(*) AS plays,
        coalesce(sum(ms_played), 0)::BIGINT AS ms_played,
        -- Of plays that ended in the same second the item decides, to be the same every time.
        arg_min(item_key, epoch_us(ended_at) + item_key % 1000000) AS first_key,
        arg_max(item_key, epoch_us(ended_at) + item_key % 1000000) AS last_key
    -- A session that begins in the window may go on after it.
    FROM listening.plays_between(
        from_date, DATE '9999-12-30', classes := classes, min_seconds := min_seconds
    )
    WHERE
        gap_minutes = 30
        AND session > (
            SELECT coalesce(max(session), 0)
            FROM star.fact_play
            WHERE ended_at < listening.day_start(from_date)
        )
        AND session <= (
            SELECT max(session)
            FROM star.fact_play
            WHERE ended_at < listening.day_start(to_date::DATE + 1)
        )
    GROUP BY session
    UNION ALL
    -- The same of those that are numbered anew: above, DuckDB knows the numbers without looking.
    SELECT
        session,
        make_timestamp_ms(min(epoch_ms(ended_at) - coalesce(ms_heard, 0))),
        max(ended_at),
        count(*),
        coalesce(sum(ms_heard), 0)::BIGINT,
        arg_min(item_key, epoch_us(ended_at) + item_key % 1000000),
        arg_max(item_key, epoch_us(ended_at) + item_key % 1000000)
    FROM (
        SELECT *, min(ended_at) OVER (PARTITION BY session) AS first_end
        FROM listening.plays_by_session(gap_minutes := gap_minutes)
        WHERE gap_minutes <> 30
    )
    WHERE
        first_end >= listening.day_start(from_date)
        AND first_end < listening.day_start(to_date::DATE + 1)
        AND list_contains(
            classes,
            listening.play_class(
                kind, ms_played, is_skipped, reason_end, is_incognito, min_seconds := min_seconds
            )
        )
    GROUP BY session
)
SELECT
    whole.session,
    coalesce(whole.started_at + first_day.ahead, listening.local_time(whole.started_at)) AS started_at,
    coalesce(whole.ended_at + last_day.ahead, listening.local_time(whole.ended_at)) AS ended_at,
    whole.plays,
    round(whole.ms_played / 60000, 1) AS minutes,
    first_item.name AS first_track,
    last_item.name AS last_track,
    listening.coverage_of_two(first_known.coverage, last_known.coverage) AS coverage
FROM whole
JOIN star.dim_item AS first_item ON first_item.item_key = whole.first_key
JOIN star.dim_item AS last_item ON last_item.item_key = whole.last_key
LEFT JOIN listening.utc_days(from_date, to_date) AS first_day
    ON first_day.utc_day = whole.started_at::DATE
LEFT JOIN listening.utc_days(from_date, to_date) AS last_day
    ON last_day.utc_day = whole.ended_at::DATE
LEFT JOIN star.play_coverage AS first_known ON first_known.date = whole.started_at::DATE
LEFT JOIN star.play_coverage AS last_known ON last_known.date = whole.ended_at::DATE
ORDER BY whole.session
