-- What was played where and how: by platform, country, shuffle mode or connection.
-- Grain: one value; null where nobody says, as account data and the API do not. Parameters:
-- 'platform' (listening.platform_family), 'country', 'shuffle' or 'offline'; local days, both
-- inclusive; the classes of plays.
-- The share is that of the plays of the window, those that nobody says anything of among them.
CREATE OR REPLACE MACRO listening.by_context(
    context, from_date, to_date, classes := ['counted'], min_seconds := 30
) AS TABLE
WITH played AS (
    SELECT
        CASE context
            WHEN 'platform' THEN listening.platform_family(play.platform)
            WHEN 'country' THEN play.country
            WHEN 'shuffle' THEN CASE play.is_shuffle WHEN true THEN 'shuffle' WHEN false THEN 'in order' END
            WHEN 'offline' THEN CASE play.is_offline WHEN true THEN 'offline' WHEN false THEN 'online' END
            ELSE error('A context is ''platform'', ''country'', ''shuffle'' or ''offline''.')
        END AS value,
        play.ms_heard
    FROM star.fact_play AS play
    WHERE
        play.ended_at >= listening.day_start(from_date)
        AND play.ended_at < listening.day_start(to_date::DATE + 1)
        AND list_contains(
            classes,
            listening.play_class(
                play.kind, play.ms_played, play.is_skipped, play.reason_end, play.is_incognito,
                min_seconds := min_seconds
            )
        )
), summed AS (
    SELECT value, count(*) AS plays, coalesce(sum(ms_heard), 0)::BIGINT AS ms_played
    FROM played
    GROUP BY value
)
SELECT
    summed.value,
    summed.plays,
    summed.ms_played,
    summed.plays / sum(summed.plays) OVER () AS share,
    known.*
FROM summed
CROSS JOIN listening.coverage_between(from_date, to_date) AS known
ORDER BY summed.plays DESC, summed.value
