-- A year of the listener in one row. What counts are plays of the class counted.
-- Grain: one row. Parameter: the year.
-- The longest streak is that within the year; the longest session began in it.
CREATE OR REPLACE MACRO listening.year_in_review(year) AS TABLE
SELECT
    year AS year,
    totals.*,
    (
        SELECT {name: name, artist: artist, plays: plays}
        FROM listening.ranking('track', make_date(year, 1, 1), make_date(year, 12, 31))
        -- As it ranks, without a rank for all the others.
        ORDER BY plays DESC, ms_played DESC, name, key
        LIMIT 1
    ) AS top_track,
    (
        SELECT {name: name, plays: plays}
        FROM listening.ranking('artist', make_date(year, 1, 1), make_date(year, 12, 31))
        ORDER BY plays DESC, ms_played DESC, name, key
        LIMIT 1
    ) AS top_artist,
    (
        SELECT {name: name, artist: artist, plays: plays}
        FROM listening.ranking('album', make_date(year, 1, 1), make_date(year, 12, 31))
        ORDER BY plays DESC, ms_played DESC, name, key
        LIMIT 1
    ) AS top_album,
    (
        SELECT {day: day, plays: plays}
        FROM listening.by_day(make_date(year, 1, 1), make_date(year, 12, 31))
        WHERE plays > 0
        ORDER BY plays DESC, day
        LIMIT 1
    ) AS busiest_day,
    (
        SELECT {first_day: first_day, last_day: last_day, days: days}
        FROM listening.streaks_between(make_date(year, 1, 1), make_date(year, 12, 31))
        ORDER BY days DESC, last_day DESC
        LIMIT 1
    ) AS longest_streak,
    (
        SELECT {started_at: started_at, minutes: minutes, plays: plays}
        FROM listening.sessions(make_date(year, 1, 1), make_date(year, 12, 31))
        ORDER BY minutes DESC, started_at
        LIMIT 1
    ) AS longest_session,
    known.*
FROM listening.totals(make_date(year, 1, 1), make_date(year, 12, 31)) AS totals
CROSS JOIN listening.coverage_between(make_date(year, 1, 1), make_date(year, 12, 31)) AS known
