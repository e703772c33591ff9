-- What the public report asks. Counts and names alone: no text, author, curator or id of anybody;
-- nothing of `rankings`, or of the facts of the catalog, which Spotify's terms keep private.

-- How many comments were there in 28 days, and in the 28 before?
WITH last AS (SELECT max(date) AS day FROM comments.category_daily)
SELECT
    last.day - 27 AS since,
    last.day AS until,
    (sum(d.comments) FILTER (d.date > last.day - 28))::BIGINT AS comments,
    coalesce(sum(d.comments) FILTER (d.date <= last.day - 28), 0)::BIGINT AS comments_before,
    coalesce(sum(d.comments) FILTER (d.date > last.day - 28 AND d.category <> 'unsure'), 0)::BIGINT
        AS labelled
FROM comments.category_daily AS d
CROSS JOIN last
WHERE d.date > last.day - 56
GROUP BY last.day;

-- How many comments of a day are what?
SELECT
    d.date,
    d.category,
    coalesce(any_value(c.name_en), d.category) AS name_en,
    coalesce(any_value(c.name_pt), d.category) AS name_pt,
    sum(d.comments)::BIGINT AS comments
FROM comments.category_daily AS d
LEFT JOIN comments.categories AS c USING (category)
WHERE d.date > (SELECT max(date) FROM comments.category_daily) - 28
GROUP BY d.date, d.category
ORDER BY d.date, d.category;

-- How many comments have a topic?
WITH last AS (SELECT max(date) AS day FROM comments.comments)
SELECT
    last.day - 27 AS since,
    last.day AS until,
    count(*) AS comments,
    count(*) FILTER (len(l.topics) > 0) AS with_topic
FROM comments.comments AS c
LEFT JOIN comments.current_label AS l USING (comment_id)
CROSS JOIN last
WHERE c.date > last.day - 28
GROUP BY last.day;

-- What are comments about?
-- Topics of the vocabulary, which persons look through.
SELECT d.topic, t.name_en, t.name_pt, sum(d.comments)::BIGINT AS comments
FROM comments.topic_daily AS d
JOIN comments.topics AS t USING (topic)
WHERE d.date > (SELECT max(date) FROM comments.comments) - 28
GROUP BY ALL
ORDER BY comments DESC, d.topic
LIMIT 10;

-- How many streams had the releases in 7 days, and in the 7 before?
-- A release is to be known of on each day from its first one on.
WITH last AS (SELECT max(date) AS day FROM star.fact_streams_daily),
firsts AS (SELECT release_id, min(date) AS day FROM star.fact_streams_daily GROUP BY release_id)
SELECT
    last.day - 6 AS since,
    last.day AS until,
    (sum(f.streams) FILTER (f.date > last.day - 7))::BIGINT AS streams,
    coalesce(sum(f.streams) FILTER (f.date <= last.day - 7), 0)::BIGINT AS streams_before,
    count(*) FILTER (f.date > last.day - 7) AS release_days,
    (SELECT sum(least(last.day - firsts.day + 1, 7))::BIGINT FROM firsts) AS release_days_wanted,
    count(*) FILTER (f.date <= last.day - 7) AS release_days_before,
    (SELECT sum(greatest(least(last.day - 6 - firsts.day, 7), 0))::BIGINT FROM firsts)
        AS release_days_wanted_before
FROM star.fact_streams_daily AS f
CROSS JOIN last
WHERE f.date > last.day - 14
GROUP BY last.day;

-- How many streams had the releases in each of 26 weeks?
-- Weeks of seven days that end on the last day that is known.
WITH last AS (SELECT max(date) AS day FROM star.fact_streams_daily),
weeks AS (
    SELECT last.day - 7 * n::INTEGER - 6 AS week FROM last CROSS JOIN range(26) AS numbers (n)
),
firsts AS (SELECT release_id, min(date) AS day FROM star.fact_streams_daily GROUP BY release_id),
wanted AS (
    SELECT
        w.week,
        coalesce(sum(least(greatest(w.week + 7 - f.day, 0), 7)), 0)::BIGINT AS release_days_wanted
    FROM weeks AS w
    CROSS JOIN firsts AS f
    GROUP BY w.week
)
SELECT
    w.week,
    sum(f.streams)::BIGINT AS streams,
    count(f.date) AS release_days,
    any_value(w.release_days_wanted) AS release_days_wanted
FROM wanted AS w
LEFT JOIN star.fact_streams_daily AS f ON f.date BETWEEN w.week AND w.week + 6
WHERE w.release_days_wanted > 0
GROUP BY w.week
ORDER BY w.week;

-- Which releases had the most streams in 7 days?
WITH last AS (SELECT max(date) AS day FROM star.fact_streams_daily)
SELECT
    r.title,
    coalesce(a.name, '') AS artist,
    r.released_on,
    (sum(f.streams) FILTER (f.date > last.day - 7))::BIGINT AS streams,
    (sum(f.streams) FILTER (f.date <= last.day - 7))::BIGINT AS streams_before,
    count(*) FILTER (f.date > last.day - 7) AS days_known,
    count(*) FILTER (f.date <= last.day - 7) AS days_known_before
FROM star.fact_streams_daily AS f
JOIN star.dim_release AS r USING (release_id)
LEFT JOIN star.dim_artist_profile AS a USING (artist_id)
CROSS JOIN last
WHERE f.date > last.day - 14
GROUP BY r.release_id, r.title, a.name, r.released_on
HAVING days_known > 0
ORDER BY streams DESC, r.title
LIMIT 10;

-- How much was listened to in 28 days, and in the 28 before?
WITH last AS (SELECT max(date) AS day FROM star.play_coverage)
SELECT
    last.day - 27 AS since,
    last.day AS until,
    (sum(d.plays) FILTER (d.day > last.day - 28))::BIGINT AS plays,
    round(sum(d.ms_played) FILTER (d.day > last.day - 28) / 3600000, 1) AS hours,
    (sum(d.plays) FILTER (d.day <= last.day - 28))::BIGINT AS plays_before,
    round(sum(d.ms_played) FILTER (d.day <= last.day - 28) / 3600000, 1) AS hours_before,
    count(*) FILTER (d.day > last.day - 28 AND d.coverage = 'complete') AS days_complete,
    count(*) FILTER (d.day <= last.day - 28 AND d.coverage = 'complete') AS days_complete_before,
    28 AS days
FROM last
CROSS JOIN listening.by_day(
    (SELECT max(date) - 55 FROM star.play_coverage), (SELECT max(date) FROM star.play_coverage)
) AS d
GROUP BY last.day
HAVING last.day IS NOT NULL;

-- How much was listened to in each of 13 months?
SELECT
    date_trunc('month', day)::DATE AS month,
    sum(plays)::BIGINT AS plays,
    round(sum(ms_played) / 3600000, 1) AS hours,
    count(*) FILTER (coverage = 'complete') AS days_complete,
    -- Of the month that has begun, all days: it is not over.
    day(last_day(any_value(day))) AS days
FROM listening.by_day(
    (SELECT date_trunc('month', max(date))::DATE - INTERVAL 12 MONTH FROM star.play_coverage)::DATE,
    (SELECT max(date) FROM star.play_coverage)
)
GROUP BY ALL
ORDER BY month;

-- Which artists were listened to for the longest in 28 days?
SELECT rank, name, round(ms_played / 3600000, 1) AS hours, plays
FROM listening.ranking(
    'artist',
    (SELECT max(date) - 27 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage),
    ranked_by := 'time'
)
WHERE rank <= 10
ORDER BY rank;
