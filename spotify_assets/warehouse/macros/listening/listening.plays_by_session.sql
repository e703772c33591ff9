-- Every play, with the number of its session: from one pause of over `gap_minutes` to the next.
-- Grain: one play. Parameter: how many minutes a pause lasts that ends no session. Those of 30
-- minutes the import has numbered; with another the sessions are numbered anew, from 1.
-- A pause is from the end of a play to the start of the next, whatever the class of either.
CREATE OR REPLACE MACRO listening.plays_by_session(gap_minutes := 30) AS TABLE
FROM star.fact_play
WHERE gap_minutes = 30
UNION ALL
SELECT
    * EXCLUDE (number, is_after_pause) REPLACE (
        1 + sum(is_after_pause::INTEGER) OVER (ORDER BY number ROWS UNBOUNDED PRECEDING) AS session
    )
FROM (
    SELECT
        *,
        coalesce(
            ended_at - to_milliseconds(coalesce(ms_played, 0)) - lag(ended_at) OVER (ORDER BY number)
                > gap_minutes * INTERVAL 1 MINUTE,
            false
        ) AS is_after_pause
    FROM (
        SELECT
            *,
            row_number() OVER (
                ORDER BY
                    ended_at, ended_at - to_milliseconds(coalesce(ms_played, 0)),
                    item_key, source, source_file, source_line
            ) AS number
        FROM star.fact_play
        WHERE gap_minutes <> 30
    )
)
