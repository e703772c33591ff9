-- What did the API report last?
SELECT played_at, name, artist_name
FROM processed.plays
ORDER BY played_at DESC
LIMIT 10;

-- How long after a play did a poll first show it?
SELECT
    date,
    count(*) AS plays,
    median(reported_at - played_at) AS usual,
    max(reported_at - played_at) AS longest
FROM processed.plays
GROUP BY date
ORDER BY date;

-- From which playlists and albums was it played?
SELECT context_uri, count(DISTINCT played_at) AS plays
FROM processed.plays
GROUP BY context_uri
ORDER BY plays DESC, context_uri
LIMIT 10;
