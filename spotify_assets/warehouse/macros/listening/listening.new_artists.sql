-- How many artists were heard for the first time, and how much of what counted was theirs, month by
-- month.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
-- An artist is new in the month of the first counted play of any of their recordings. Artists are
-- known by their name.
CREATE OR REPLACE MACRO listening.new_artists(from_date, to_date) AS TABLE
WITH artists AS MATERIALIZED (
    SELECT item_key, key_id AS artist FROM listening.ranked_items('artist')
), first_heard AS (
    SELECT artist, listening.local_time(min(play.ended_at)) AS first_at
    FROM star.fact_play AS play
    JOIN artists USING (item_key)
    WHERE play.is_first_play
    GROUP BY artist
), known_artists AS (
    SELECT item_key, artist, year(first_at) * 12 + month(first_at) AS first_month
    FROM artists
    LEFT JOIN first_heard USING (artist)
), by_artist AS (
    -- A number of the month is had from a time at less cost than its first day.
    SELECT month, artist, month = first_month AS is_new, count(*) AS plays
    FROM (
        SELECT year(local_at) * 12 + month(local_at) AS month, item_key
        FROM listening.local_plays_between(from_date, to_date)
    )
    LEFT JOIN known_artists USING (item_key)
    GROUP BY ALL
), by_month AS (
    SELECT
        make_date((month - 1) // 12, (month - 1) % 12 + 1, 1) AS month,
        -- Plays of no artist are one row of a month, without one.
        count(artist) AS artists,
        count(*) FILTER (WHERE is_new) AS artists_new,
        sum(plays)::BIGINT AS plays,
        coalesce(sum(plays) FILTER (WHERE is_new), 0)::BIGINT AS plays_of_new
    FROM by_artist
    GROUP BY ALL
)
SELECT
    known.month,
    coalesce(by_month.artists_new, 0) AS artists_new,
    coalesce(by_month.artists, 0) AS artists,
    coalesce(by_month.plays_of_new, 0) AS plays_of_new,
    coalesce(by_month.plays, 0) AS plays,
    by_month.plays_of_new / by_month.plays AS share_new,
    known.* EXCLUDE (month)
FROM listening.coverage_by_month(from_date, to_date) AS known
LEFT JOIN by_month USING (month)
ORDER BY known.month
