-- Which genres are there, and since when?
SELECT genre, first_date, last_date, days_collected
FROM star.dim_genre
ORDER BY genre;

-- How many days between its first and its last does each genre lack?
SELECT genre, last_date - first_date + 1 - days_collected AS days_missing
FROM star.dim_genre
ORDER BY days_missing DESC, genre;

-- Which genre has waited longest to be asked again?
SELECT genre, last_date
FROM star.dim_genre
ORDER BY last_date, genre
LIMIT 10;
