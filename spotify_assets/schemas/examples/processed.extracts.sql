-- How far does what was collected of each genre reach?
SELECT genre, count(*) AS days, min(date) AS first, max(date) AS last
FROM processed.extracts
GROUP BY genre
ORDER BY genre;

-- How many answers of each genre-day were refused, or could not be read?
SELECT genre, date, responses, refused_responses, unreadable_responses
FROM processed.extracts
ORDER BY refused_responses + unreadable_responses DESC, date DESC, genre
LIMIT 10;

-- Which version of the rules made how many genre-days?
SELECT code_version, count(*) AS genre_days, min(date) AS first, max(date) AS last
FROM processed.extracts
GROUP BY code_version
ORDER BY last DESC;
