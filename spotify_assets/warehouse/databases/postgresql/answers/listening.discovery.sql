-- How much of what counted was new, and how much old favourites, month by month.
-- Grain: one month, by its first day. Parameters: local days, both inclusive.
-- New is the first counted play of a recording; an old favourite's was over a year before.
CREATE OR REPLACE FUNCTION listening.discovery(from_date date, to_date date)
RETURNS TABLE (
    month date, first_plays bigint, plays bigint, share_new double precision,
    share_old_favourites double precision, coverage text, days_complete bigint, days bigint
)
LANGUAGE sql STABLE AS $$
    WITH by_month AS (
        SELECT
            date_trunc('month', listening.local_time(play.ended_at))::date AS month,
            count(*) AS plays,
            count(*) FILTER (WHERE play.is_first_play) AS first_plays,
            count(*) FILTER (
                WHERE play.ended_at > play.first_at + INTERVAL '1 year'
            ) AS old_plays
        FROM listening.plays_between(from_date, to_date) AS play
        GROUP BY 1
    )
    SELECT
        known.month,
        coalesce(by_month.first_plays, 0),
        coalesce(by_month.plays, 0),
        by_month.first_plays::double precision / by_month.plays,
        by_month.old_plays::double precision / by_month.plays,
        known.coverage,
        known.days_complete,
        known.days
    FROM listening.coverage_by_month(from_date, to_date) AS known
    LEFT JOIN by_month ON by_month.month = known.month
    ORDER BY known.month
$$
