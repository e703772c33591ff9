-- The rows of listening.ranking, with the first and the last time in the window that each was heard,
-- in UTC. To leave the times out costs nothing: DuckDB counts only what is asked for.
-- Grain: one rank. Parameters and rules: listening.ranking.
CREATE OR REPLACE MACRO listening.ranking_with_times(
    what, from_date, to_date, classes := ['counted'], ranked_by := 'plays', min_seconds := 30
) AS TABLE
WITH per_item AS (
    SELECT
        item_key,
        count(*) AS plays,
        coalesce(sum(ms_played), 0)::BIGINT AS ms_played,
        min(ended_at) AS first_at,
        max(ended_at) AS last_at
    FROM listening.plays_between(
        from_date, to_date, classes := classes, min_seconds := min_seconds
    )
    GROUP BY item_key
), summed AS (
    SELECT
        listening.ranking_key(what, item.recording, item.artist_name, item.album_name) AS key,
        arg_max(
            {
                name: CASE what
                    WHEN 'track' THEN coalesce(item.name, item.item)
                    WHEN 'artist' THEN item.artist_name
                    ELSE item.album_name
                END,
                artist: item.artist_name
            },
            (plays, ms_played, item_key)
        ) AS shown,
        sum(plays)::BIGINT AS plays,
        sum(ms_played)::BIGINT AS ms_played,
        min(first_at) AS first_at,
        max(last_at) AS last_at
    FROM per_item
    JOIN star.dim_item AS item USING (item_key)
    GROUP BY key
)
SELECT
    row_number() OVER (
        ORDER BY
            CASE ranked_by
                WHEN 'plays' THEN plays
                WHEN 'time' THEN ms_played
                ELSE error('A ranking is by ''plays'' or by ''time''.')
            END DESC,
            plays DESC,
            ms_played DESC,
            shown.name,
            key
    ) AS rank,
    key,
    shown.name AS name,
    shown.artist AS artist,
    plays,
    ms_played,
    first_at,
    last_at
FROM summed
WHERE key IS NOT NULL
