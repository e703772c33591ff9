-- What do listeners write, the newest first?
SELECT date, source, language, text
FROM comments.comments
ORDER BY received_at DESC, comment_id
LIMIT 20;

-- How many comments come from where?
SELECT source, coalesce(language, 'unknown') AS language, count(*) AS comments
FROM comments.comments
GROUP BY ALL
ORDER BY comments DESC;

-- Who writes most, by pseudonym?
SELECT author, source, count(*) AS comments
FROM comments.comments
WHERE author IS NOT NULL
GROUP BY ALL
ORDER BY comments DESC
LIMIT 10;
