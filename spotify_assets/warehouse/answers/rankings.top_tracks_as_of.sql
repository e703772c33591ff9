-- The ranking of a genre as it stood on a day: that of the last day collected by then.
-- Grain: one rank. Parameters: the genre; the day (UTC); how many ranks.
CREATE OR REPLACE MACRO rankings.top_tracks_as_of(of_genre, on_date, n := 50) AS TABLE
SELECT *
FROM rankings.top_tracks
WHERE
    genre = of_genre
    AND rank <= n
    AND date = (
        SELECT max(date)
        FROM processed.collections
        WHERE genre = of_genre AND date <= on_date::DATE
    )
ORDER BY rank
