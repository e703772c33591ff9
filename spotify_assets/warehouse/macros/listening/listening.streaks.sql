-- The longest runs of the listener's days with a counted play on each.
-- Grain: one run. Parameters: how many; from how many seconds on music counts. Ties: the latest first.
-- The current one reaches the last day that was asked, or the day before: that day is not over.
-- It may be longer where the day before it or after it is not completely known.
CREATE OR REPLACE MACRO listening.streaks(n := 10, min_seconds := 30) AS TABLE
WITH edges AS (
    SELECT day
    FROM listening.coverage_by_day(
        (SELECT min(date) - 1 FROM star.play_coverage),
        (SELECT max(date) + 1 FROM star.play_coverage)
    )
    WHERE coverage = 'complete'
)
SELECT
    row_number() OVER (ORDER BY days DESC, last_day DESC) AS rank,
    first_day,
    last_day,
    days,
    plays,
    last_day >= (SELECT max(date) - 1 FROM star.play_coverage) AS is_current,
    first_day - 1 NOT IN (FROM edges) OR last_day + 1 NOT IN (FROM edges) AS may_be_longer,
    coverage,
    days_complete
FROM listening.streaks_between(
    (SELECT min(date) - 1 FROM star.play_coverage),
    (SELECT max(date) + 1 FROM star.play_coverage),
    min_seconds := min_seconds
)
QUALIFY rank <= n
ORDER BY rank
