-- Runs of the listener's days with a counted play on each, in a window.
-- Grain: one run. Parameters: local days, both inclusive; from how many seconds on
-- music counts.
CREATE OR REPLACE MACRO listening.streaks_between(from_date, to_date, min_seconds := 30) AS TABLE
WITH numbered AS (
    -- The number of the day less the number of the row is the same all along a run.
    SELECT *, day - row_number() OVER (ORDER BY day)::INTEGER AS run
    FROM listening.by_day(from_date, to_date, min_seconds := min_seconds)
    WHERE plays > 0
)
SELECT
    min(day) AS first_day,
    max(day) AS last_day,
    sum(plays)::BIGINT AS plays,
    listening.coverage_of(coverage) AS coverage,
    count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
    count(*) AS days
FROM numbered
GROUP BY run
