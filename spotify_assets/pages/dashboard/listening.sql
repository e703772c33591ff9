-- What the page of the listening history asks; `$…` are bound.

-- Which days are known of?
SELECT min(date) AS first_day, max(date) AS last_day FROM star.play_coverage;

-- How much was played in a window, and in the one before it?
SELECT
    now.*,
    before.plays AS plays_before,
    before.ms_played AS ms_before,
    before.coverage AS coverage_before,
    totals.tracks,
    totals.artists,
    totals.discovered AS first_plays
FROM (
    SELECT
        sum(plays)::BIGINT AS plays,
        sum(ms_played)::BIGINT AS ms_played,
        listening.coverage_of(coverage) AS coverage,
        count(*) FILTER (WHERE coverage = 'complete') AS days_complete,
        count(*) AS days
    FROM listening.by_day($since, $until)
) AS now
CROSS JOIN (
    SELECT
        sum(plays)::BIGINT AS plays,
        sum(ms_played)::BIGINT AS ms_played,
        listening.coverage_of(coverage) AS coverage
    FROM listening.by_day(listening.previous_from($since, $until), $since::DATE - 1)
) AS before
CROSS JOIN listening.totals($since, $until) AS totals;

-- What was played on each day?
SELECT
    day,
    date_trunc('week', day)::DATE AS week,
    isodow(day) AS weekday,
    plays,
    round(ms_played / 60000, 1) AS minutes,
    coverage
FROM listening.by_day($since, $until)
ORDER BY day;

-- What was played most?
SELECT rank, movement, status, name, artist, plays, round(ms_played / 3600000, 1) AS hours
FROM listening.top($what, $since, $until, n := 50)
ORDER BY rank;

-- Whom can one choose?
SELECT name FROM listening.ranking('artist', $since, $until) WHERE rank <= 1000 ORDER BY rank;

-- How much is there of an artist, since when and until when?
SELECT
    count(*) AS plays,
    coalesce(sum(ms_heard), 0)::BIGINT AS ms_played,
    count(DISTINCT recording) AS tracks,
    min(local_date) AS first_day,
    max(local_date) AS last_day
FROM star.plays
WHERE artist_name = $artist AND class = 'counted';

-- How was an artist played over the months?
SELECT
    date_trunc('month', local_date)::DATE AS month,
    count(*) AS plays,
    round(sum(ms_heard) / 3600000, 1) AS hours
FROM star.plays
WHERE artist_name = $artist AND class = 'counted'
GROUP BY ALL
ORDER BY month;

-- Which tracks of an artist were played most?
SELECT
    row_number() OVER (ORDER BY count(*) DESC, max(name)) AS rank,
    arg_max(name, ended_at) AS name,
    count(*) AS plays,
    round(sum(ms_heard) / 3600000, 1) AS hours,
    min(local_date) AS first_day,
    max(local_date) AS last_day
FROM star.plays
WHERE artist_name = $artist AND class = 'counted'
GROUP BY recording
ORDER BY rank
LIMIT 50;

-- What was a year like?
SELECT
    year, plays, minutes, tracks, artists, discovered, top_track, top_artist, top_album,
    busiest_day, longest_streak, longest_session, coverage, days_complete, days
FROM listening.year_in_review($year);

-- How much of what was played was new?
SELECT month, plays, first_plays, share_new, share_old_favourites, coverage
FROM listening.discovery($since, $until)
ORDER BY month;
