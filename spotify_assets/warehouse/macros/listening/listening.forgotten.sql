-- What was played much once, and not any more.
-- Grain: one track, artist or album. Parameters: 'track', 'artist' or 'album'; the day, in the
-- listener's time; the fewest plays of all time; for how many days there is none; how many.
-- The coverage is that of the days without a play: a play may be missing where it is not complete.
CREATE OR REPLACE MACRO listening.forgotten(
    what, on_date, min_plays := 20, silent_days := 180, n := 50
) AS TABLE
WITH silent AS (
    SELECT
        row_number() OVER (ORDER BY rank) AS rank,
        name,
        artist,
        plays,
        ms_played,
        first_at,
        last_at,
        on_date::DATE - last_at::DATE AS days_since
    FROM listening.first_and_last(what, (SELECT min(date) - 1 FROM star.play_coverage), on_date)
    WHERE plays >= min_plays AND on_date::DATE - last_at::DATE >= silent_days
)
SELECT silent.*, known.*
FROM silent
CROSS JOIN listening.coverage_between(on_date::DATE - silent_days + 1, on_date) AS known
WHERE silent.rank <= n
ORDER BY silent.rank
