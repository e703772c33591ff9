-- A year of the listener in one row. What counts are plays of the class counted.
-- Grain: one row. Parameter: the year.
-- The longest streak is that within the year; the longest session began in it.
CREATE OR REPLACE MACRO listening.year_in_review(year) AS TABLE
WITH per_item AS (
    SELECT
        item_key,
        count(*) AS plays,
        sum(ms_played) AS ms_played,
        count(*) FILTER (WHERE is_first_play) AS discovered
    FROM listening.plays_between(make_date(year, 1, 1), make_date(year, 12, 31))
    GROUP BY item_key
), totals AS (
    SELECT
        coalesce(sum(per_item.plays), 0)::BIGINT AS plays,
        round(coalesce(sum(per_item.ms_played), 0) / 60000, 1) AS minutes,
        count(DISTINCT item.recording) AS tracks,
        count(DISTINCT item.artist_name) AS artists,
        coalesce(sum(per_item.discovered), 0)::BIGINT AS discovered
    FROM per_item
    JOIN star.dim_item AS item USING (item_key)
)
SELECT
    year AS year,
    totals.*,
    (
        SELECT {name: name, artist: artist, plays: plays}
        FROM listening.ranking('track', make_date(year, 1, 1), make_date(year, 12, 31))
        WHERE rank = 1
    ) AS top_track,
    (
        SELECT {name: name, plays: plays}
        FROM listening.ranking('artist', make_date(year, 1, 1), make_date(year, 12, 31))
        WHERE rank = 1
    ) AS top_artist,
    (
        SELECT {name: name, artist: artist, plays: plays}
        FROM listening.ranking('album', make_date(year, 1, 1), make_date(year, 12, 31))
        WHERE rank = 1
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
FROM totals
CROSS JOIN listening.coverage_between(make_date(year, 1, 1), make_date(year, 12, 31)) AS known
