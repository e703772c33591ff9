-- A year of the listener beside the year before, measure by measure.
-- Grain: one measure: plays, minutes, tracks, artists, discovered. Parameter: the year.
-- Measures: listening.year_in_review. The coverages are those of the two years.
CREATE OR REPLACE MACRO listening.year_compared(year) AS TABLE
WITH told AS (
    UNPIVOT (
        SELECT
            year AS of_year, coverage, days_complete, plays::DOUBLE AS plays,
            minutes::DOUBLE AS minutes, tracks::DOUBLE AS tracks, artists::DOUBLE AS artists,
            discovered::DOUBLE AS discovered
        FROM listening.year_in_review(year)
        UNION ALL
        SELECT
            year - 1, coverage, days_complete, plays::DOUBLE, minutes::DOUBLE, tracks::DOUBLE,
            artists::DOUBLE, discovered::DOUBLE
        FROM listening.year_in_review(year - 1)
    )
    ON plays, minutes, tracks, artists, discovered
    INTO NAME measure VALUE amount
)
SELECT
    this.measure,
    this.amount AS this_year,
    before.amount AS year_before,
    this.amount - before.amount AS change,
    (this.amount - before.amount) / nullif(before.amount, 0) AS share_of_change,
    this.coverage,
    this.days_complete,
    before.coverage AS coverage_before,
    before.days_complete AS days_complete_before
FROM (FROM told WHERE of_year = year) AS this
JOIN (FROM told WHERE of_year = year - 1) AS before USING (measure)
ORDER BY list_position(['plays', 'minutes', 'tracks', 'artists', 'discovered'], this.measure)
