-- How often was it asked each day, and how many plays did it show?
SELECT date, count(*) AS polls, sum(items) AS plays
FROM processed.polls
GROUP BY date
ORDER BY date DESC;

-- Which polls showed as many plays as they can, so that there may be more before them?
SELECT polled_at, items, oldest_at
FROM processed.polls
WHERE is_full
ORDER BY polled_at DESC
LIMIT 10;

-- How long were the longest pauses between two polls?
SELECT polled_at, polled_at - lag(polled_at) OVER (ORDER BY polled_at) AS pause
FROM processed.polls
QUALIFY pause IS NOT NULL
ORDER BY pause DESC
LIMIT 10;
