-- A year of the listener beside the year before, measure by measure.
-- Grain: one measure: plays, minutes, tracks, artists, discovered. Parameter: the year.
-- Measures: listening.year_in_review. The coverages are those of the two years.
CREATE OR REPLACE MACRO listening.year_compared(year) AS TABLE
WITH told AS (
    UNPIVOT (
        SELECT
            totals.of_year, known.coverage, known.days_complete, totals.plays::DOUBLE AS plays,
            totals.minutes::DOUBLE AS minutes, totals.tracks::DOUBLE AS tracks,
            totals.artists::DOUBLE AS artists, totals.discovered::DOUBLE AS discovered
        FROM (
            SELECT year AS of_year, *
            FROM listening.totals(make_date(year, 1, 1), make_date(year, 12, 31))
            UNION ALL
            SELECT year - 1, *
            FROM listening.totals(make_date(year - 1, 1, 1), make_date(year - 1, 12, 31))
        ) AS totals
        JOIN (
            SELECT year AS of_year, *
            FROM listening.coverage_between(make_date(year, 1, 1), make_date(year, 12, 31))
            UNION ALL
            SELECT year - 1, *
            FROM listening.coverage_between(make_date(year - 1, 1, 1), make_date(year - 1, 12, 31))
        ) AS known USING (of_year)
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
