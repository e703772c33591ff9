-- The ranking of a genre's artists as it stood on a day: that of the last day ranked by then. A day
-- that was not asked for artists, or found none, has no ranking.
-- Grain: one rank. Parameters: the genre; the day (UTC); how many ranks.
CREATE OR REPLACE FUNCTION rankings.top_artists_as_of(of_genre text, on_date date, n integer DEFAULT 50)
RETURNS SETOF rankings.top_artists LANGUAGE sql STABLE AS $$
    SELECT *
    FROM rankings.top_artists
    WHERE
        genre = of_genre
        AND rank <= n
        AND date = (
            SELECT max(date)
            FROM rankings.top_artists
            WHERE genre = of_genre AND date <= on_date
        )
    ORDER BY rank
$$
