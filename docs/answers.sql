-- Questions that people ask of their warehouse, with the SQL that answers them. From 21 on
-- they are of the releases of a label (docs/releases.md): they give rows once it is imported.
--
-- Paste one into DuckDB or into `spotify-assets query`, or run all of them:
--
--     duckdb -readonly data/spotify.duckdb < docs/answers.sql
--
-- "Today" is the last day collected; of the listening history, the last day that is known. Days of
-- the catalog are UTC. More for each table: docs/tables.md; of the history: docs/listening.md.

-- 1. How did today's ten best tracks of each genre rank over the last month?
SELECT
    now.genre,
    now.rank,
    now.name,
    min(earlier.rank) AS best,
    max(earlier.rank) AS worst,
    arg_min(earlier.rank, earlier.date) - now.rank AS gained,
    count(*) AS days_ranked
FROM rankings.top_tracks AS now
JOIN rankings.top_tracks AS earlier
    ON earlier.genre = now.genre
    AND earlier.track_id = now.track_id
    AND earlier.date BETWEEN now.date - 30 AND now.date
WHERE now.rank <= 10 AND now.date = (SELECT max(date) FROM rankings.top_tracks)
GROUP BY now.genre, now.rank, now.name
ORDER BY now.genre, now.rank;

-- 2. Which newcomers stayed: how many are still ranked three days after they came?
WITH newcomers AS (
    SELECT came.genre, came.track_id, came.date + 3 AS then
    FROM rankings.top_tracks AS came
    SEMI JOIN processed.extracts AS asked
        ON asked.genre = came.genre AND asked.date = came.date + 3
    JOIN star.dim_genre AS genre ON genre.genre = came.genre
    -- On its first day everything is new.
    WHERE came.status = 'new' AND came.date > genre.first_date
),
stayed AS (
    SELECT genre, count(*) AS stayed
    FROM newcomers
    JOIN rankings.top_tracks AS later USING (genre, track_id)
    WHERE later.date = newcomers.then
    GROUP BY genre
)
SELECT
    genre,
    count(*) AS newcomers,
    coalesce(any_value(stayed), 0) AS stayed,
    round(coalesce(any_value(stayed), 0) / count(*), 2) AS share
FROM newcomers
LEFT JOIN stayed USING (genre)
GROUP BY genre
ORDER BY share DESC, genre;

-- 3. Which artists are in the rankings of several genres, and did they rise there?
WITH per_genre AS (
    SELECT
        genre,
        artist_id,
        arg_max(name, date) AS name,
        arg_min(rank, date) - arg_max(rank, date) AS gained
    FROM rankings.top_artists
    GROUP BY genre, artist_id
)
SELECT
    any_value(name) AS name,
    count(*) AS genres,
    count(*) FILTER (WHERE gained > 0) AS genres_rising,
    sum(gained)::INTEGER AS gained
FROM per_genre
GROUP BY artist_id
HAVING count(*) > 1
ORDER BY genres_rising DESC, gained DESC, artist_id
LIMIT 10;

-- 4. How much do the genres overlap: how many tracks did they have in common today?
-- With itself a genre has all of its tracks in common.
SELECT one.genre, other.genre AS and_genre, count(DISTINCT one.track_id) AS tracks
FROM star.fact_track_daily AS one
JOIN star.fact_track_daily AS other USING (date, track_id)
WHERE one.date = (SELECT max(date) FROM star.fact_track_daily)
GROUP BY one.genre, other.genre
ORDER BY one.genre, tracks DESC, and_genre;

-- 5. How old is what ranks today?
SELECT
    CASE
        WHEN ranked.date - album.released_from < 91 THEN '1 under 3 months'
        WHEN ranked.date - album.released_from < 366 THEN '2 under a year'
        WHEN ranked.date - album.released_from < 5 * 366 THEN '3 under 5 years'
        WHEN ranked.date - album.released_from < 20 * 366 THEN '4 under 20 years'
        WHEN album.released_from IS NULL THEN '6 not known'
        ELSE '5 older'
    END AS age,
    count(*) AS tracks,
    round(avg(ranked.rank), 1) AS average_rank
FROM rankings.top_tracks AS ranked
JOIN star.dim_track AS track ON track.track_id = ranked.track_id AND track.is_current
LEFT JOIN star.dim_album AS album ON album.album_id = track.album_id
WHERE ranked.date = (SELECT max(date) FROM rankings.top_tracks)
GROUP BY age
ORDER BY age;

-- 6. What fell out of the rankings, and did it leave, or could that day not say?
SELECT genre, date, kind, name, last_rank, reason
FROM rankings.departures
ORDER BY date DESC, last_rank, genre
LIMIT 10;

-- 7. What did a genre's ranking look like on a day of the past, and whose albums were it?
SELECT genre.genre, day.date, day.rank, day.name, day.album_name
FROM star.dim_genre AS genre
JOIN star.track_daily AS day ON day.genre = genre.genre AND day.date = genre.last_date - 3
WHERE day.rank <= 3
ORDER BY genre.genre, day.rank;

-- 8. And as of any day: the ranking that was the latest one then?
SELECT date, rank, name, artist_names
FROM rankings.top_tracks_as_of(
    (SELECT min(genre) FROM star.dim_genre),
    (SELECT max(date) - 2 FROM star.dim_date),
    n := 10
);

-- 9. Which days are missing: between each genre's first and last, how many were not collected?
SELECT
    genre,
    first_date,
    last_date,
    days_collected,
    last_date - first_date + 1 - days_collected AS days_missing
FROM star.dim_genre
ORDER BY days_missing DESC, genre;

-- 10. Why was something set aside, and how much of what came is that?
SELECT
    reason,
    count(*) AS objects,
    100 * count(*) / (SELECT sum(received) FROM processed.reconciliation) AS percent
FROM quarantine.rows
GROUP BY reason
ORDER BY objects DESC, reason;

-- 11. How many requests were sent each day, and how often was it too many?
SELECT
    requested_at::DATE AS day,
    count(*) AS requests,
    count(*) FILTER (WHERE http_status = 200) AS answered,
    count(*) FILTER (WHERE http_status = 429) AS refused_429,
    max(retry_after_s) AS longest_block_s
FROM monitoring.requests
GROUP BY day
ORDER BY day DESC;

-- 12. What does a genre-day cost in requests?
SELECT genre, round(avg(requests), 1) AS usual, max(requests) AS most, round(avg(rows)) AS objects
FROM (
    SELECT genre, date, count(*) AS requests, sum(rows) AS rows
    FROM monitoring.requests
    WHERE date IS NOT NULL
    GROUP BY genre, date
)
GROUP BY genre
ORDER BY usual DESC, genre;

-- 13. Was the past corrected: how many genre-days were rewritten, and by how many rows?
SELECT
    count(DISTINCT (genre, date)) AS genre_days,
    coalesce(sum(rows_added), 0) AS rows_added,
    coalesce(sum(rows_removed), 0) AS rows_removed,
    max(revised_at) AS last
FROM monitoring.revisions;

-- 14. What did I play most in the last four weeks, and how much of them is known?
SELECT rank, previous_rank, status, name, artist, plays, coverage, days_complete, days
FROM listening.top_tracks(
    (SELECT max(date) - 27 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage),
    n := 10
);

-- 15. How much of what I play is new to me, and how much is an old favourite?
SELECT
    month,
    plays,
    round(100 * share_new) AS percent_new,
    round(100 * share_old_favourites) AS percent_old_favourites,
    coverage
FROM listening.discovery(
    (SELECT max(date) - 365 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage)
);

-- 16. Which old favourites do I still play: first heard over a year ago, played this quarter?
SELECT
    any_value(item.name) AS name,
    any_value(item.artist_name) AS artist,
    min(play.first_at)::DATE AS first_heard,
    count(*) AS plays
FROM star.fact_play AS play
JOIN star.dim_item AS item USING (item_key)
WHERE
    play.ended_at >= (SELECT max(date) - 90 FROM star.play_coverage)
    AND play.first_at < play.ended_at - INTERVAL 1 YEAR
GROUP BY item.recording
ORDER BY plays DESC, first_heard, item.recording
LIMIT 10;

-- 17. What that I play is ranked today, and in which genre?
SELECT item.name, item.artist_name, ranked.genre, ranked.rank, count(*) AS plays
FROM star.fact_play AS play
JOIN star.dim_item AS item USING (item_key)
JOIN rankings.top_tracks AS ranked USING (track_id)
WHERE ranked.date = (SELECT max(date) FROM rankings.top_tracks)
GROUP BY ALL
ORDER BY plays DESC, ranked.rank, ranked.genre
LIMIT 10;

-- 18. On which weekdays and at which hours do I listen, in minutes?
SELECT
    isodow(local_at) AS weekday,
    hour(local_at) AS hour,
    round(sum(ms_played) / 60000) AS minutes
FROM listening.local_plays_between(
    (SELECT max(date) - 90 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage)
)
GROUP BY ALL
ORDER BY weekday, hour;

-- 19. Which were my longest sessions of the last four weeks, and what were my longest streaks?
(
    SELECT 'session' AS what, started_at::DATE AS first_day, round(minutes) AS length, 'min' AS unit
    FROM listening.sessions(
        (SELECT max(date) - 27 FROM star.play_coverage),
        (SELECT max(date) FROM star.play_coverage)
    )
    ORDER BY minutes DESC
    LIMIT 5
)
UNION ALL
(SELECT 'streak', first_day, days, 'days' FROM listening.streaks(5));

-- 20. What did I play on this day of earlier years?
SELECT year, rank, name, artist, plays, coverage
FROM listening.on_this_day((SELECT max(date) FROM star.play_coverage), n := 5);

-- 21. Which was the best day of each release, and how much better than its median day?
SELECT
    r.title,
    arg_max(s.date, s.streams) AS best_day,
    max(s.streams) AS streams,
    round(max(s.streams) / nullif(median(s.streams), 0), 1) AS times_the_median
FROM star.fact_streams_daily AS s
JOIN star.dim_release AS r USING (release_id)
GROUP BY r.release_id, r.title
ORDER BY streams DESC, r.title;

-- 22. After how many days was half of what a release got in its first half year streamed?
WITH days AS (
    SELECT r.release_id, r.title, s.date - r.released_on AS age, s.streams
    FROM star.fact_streams_daily AS s
    JOIN star.dim_release AS r USING (release_id)
    WHERE s.date - r.released_on BETWEEN 0 AND 179
),
running AS (
    SELECT
        *,
        sum(streams) OVER (PARTITION BY release_id ORDER BY age) AS so_far,
        sum(streams) OVER (PARTITION BY release_id) AS total,
        max(age) OVER (PARTITION BY release_id) AS last_age
    FROM days
)
SELECT title, min(age) AS half_life_days, any_value(total) AS streams
FROM running
-- A younger release has not had its half year.
WHERE last_age >= 170 AND 2 * so_far >= total
GROUP BY release_id, title
ORDER BY half_life_days, title;

-- 23. Which share of its listeners saves a song, in the newest window of each length?
SELECT
    r.title,
    w.window_name,
    w.listeners,
    w.saves,
    round(w.saves / nullif(w.listeners, 0), 3) AS share
FROM star.fact_song_window AS w
JOIN star.dim_release AS r USING (release_id)
QUALIFY w.downloaded_on = max(w.downloaded_on) OVER (PARTITION BY w.release_id, w.window_name)
ORDER BY w.window_name, share DESC NULLS LAST, r.title;

-- 24. What did each campaign cost, and what did a click and a result?
SELECT
    r.title,
    c.campaign,
    c.currency,
    c.result_indicator,
    min(c.date) AS first_day,
    max(c.date) AS last_day,
    round(sum(c.spend), 2) AS spend,
    round(sum(c.spend) / nullif(sum(c.link_clicks), 0), 3) AS a_click,
    round(sum(c.spend) / nullif(sum(c.results), 0), 3) AS a_result
FROM star.fact_campaign_daily AS c
LEFT JOIN star.dim_release AS r USING (release_id)
GROUP BY r.title, c.campaign, c.currency, c.result_indicator
ORDER BY spend DESC, c.campaign;

-- 25. How many streams a day had a release in the two weeks before a campaign, during and after it?
-- That it was the campaign, this does not say: a playlist or the season may have done it. 29 does.
WITH campaigns AS (
    SELECT release_id, campaign, min(date) AS first_day, max(date) AS last_day
    FROM star.fact_campaign_daily
    WHERE release_id IS NOT NULL
    GROUP BY release_id, campaign
)
SELECT
    r.title,
    c.campaign,
    round(avg(s.streams) FILTER (s.date < c.first_day), 1) AS before,
    round(avg(s.streams) FILTER (s.date BETWEEN c.first_day AND c.last_day), 1) AS during,
    round(avg(s.streams) FILTER (s.date > c.last_day), 1) AS after
FROM campaigns AS c
JOIN star.dim_release AS r USING (release_id)
JOIN star.fact_streams_daily AS s
    ON s.release_id = c.release_id AND s.date BETWEEN c.first_day - 14 AND c.last_day + 14
GROUP BY r.title, c.campaign
ORDER BY c.campaign;

-- 26. Where do people get lost between the advertisement and the platform?
WITH ads AS (
    SELECT release_id, date, sum(impressions) AS impressions, sum(link_clicks) AS link_clicks
    FROM star.fact_campaign_daily
    GROUP BY release_id, date
),
links AS (
    SELECT release_id, date, sum(visits) AS visits, sum(clicks) AS clicks
    FROM star.fact_link_daily
    GROUP BY release_id, date
)
SELECT
    r.title,
    sum(impressions) AS impressions,
    sum(link_clicks) AS link_clicks,
    sum(visits) AS visits,
    sum(clicks) AS clicks,
    round(sum(clicks) / nullif(sum(link_clicks), 0), 2) AS of_a_click
FROM ads
JOIN links USING (release_id, date)
JOIN star.dim_release AS r USING (release_id)
GROUP BY r.title
ORDER BY of_a_click DESC, r.title;

-- 27. Which weekday is the best of each artist, against the average of its own week?
WITH weeks AS (
    SELECT
        artist_id,
        date,
        streams / avg(streams) OVER (PARTITION BY artist_id, date_trunc('week', date)) AS share,
        count(*) OVER (PARTITION BY artist_id, date_trunc('week', date)) AS days
    FROM star.fact_audience_daily
)
SELECT
    a.name,
    dayname(w.date) AS weekday,
    round(avg(w.share), 2) AS of_an_average_day,
    count(*) AS weeks
FROM weeks AS w
JOIN star.dim_artist_profile AS a USING (artist_id)
JOIN (SELECT DISTINCT artist_id FROM star.dim_release) USING (artist_id)
WHERE w.days = 7
GROUP BY a.name, dayname(w.date)
QUALIFY row_number() OVER (PARTITION BY a.name ORDER BY avg(w.share) DESC) = 1
ORDER BY a.name;

-- 28. What does a release earn, and what do a thousand streams bring in each store?
SELECT
    r.title,
    s.distributor,
    s.store,
    s.currency,
    sum(s.quantity) AS quantity,
    round(sum(s.earnings), 2) AS earnings,
    round(1000 * sum(s.earnings) / nullif(sum(s.quantity), 0), 2) AS a_thousand
FROM star.fact_sale_monthly AS s
JOIN star.dim_release AS r USING (release_id)
GROUP BY r.title, s.distributor, s.store, s.currency
ORDER BY earnings DESC, r.title, s.store;

-- 29. Did the campaign do it: how many streams did it add, and between which bounds?
SELECT
    r.title,
    l.campaign,
    l.verdict,
    round(l.lift, 2) AS lift,
    round(l.lift_low, 2) AS low,
    round(l.lift_high, 2) AS high,
    round(l.added_streams) AS added_streams,
    l.needs
FROM predictions.campaign_lift AS l
JOIN star.dim_release AS r USING (release_id)
ORDER BY l.first_day, l.campaign;

-- 30. What did each stream cost that a campaign added?
-- `at_most` is null where the campaign may have added none.
SELECT
    r.title,
    l.campaign,
    l.currency,
    l.spend,
    round(l.cost_per_added, 3) AS an_added_stream,
    round(l.cost_low, 3) AS at_least,
    round(l.cost_high, 3) AS at_most
FROM predictions.campaign_lift AS l
JOIN star.dim_release AS r USING (release_id)
WHERE l.verdict <> 'cannot tell'
ORDER BY an_added_stream NULLS LAST, l.campaign;

-- 31. What do listeners say of each release, and which share of it is praise?
-- Of what is labelled; `unsure` and spam count for nothing. Grain: one release.
SELECT
    coalesce(r.title, c.release, 'no release') AS title,
    count(*) FILTER (l.category = 'praise') AS praise,
    count(*) FILTER (l.category = 'criticism') AS criticism,
    count(*) FILTER (l.category IN ('suggestion', 'question')) AS asks,
    round(
        count(*) FILTER (l.category = 'praise')
        / nullif(count(*) FILTER (l.category IN ('praise', 'criticism')), 0), 2
    ) AS share_praise
FROM comments.comments AS c
JOIN comments.current_label AS l USING (comment_id)
LEFT JOIN star.dim_release AS r USING (release_id)
GROUP BY ALL
ORDER BY praise + criticism + asks DESC, title;

-- 32. What do listeners criticise, and what do they ask for, in the last 30 days?
-- In Portuguese; `name_en` and `name_es` are there too. Grain: one topic.
SELECT
    t.name_pt AS topico,
    coalesce(sum(d.comments) FILTER (d.category = 'criticism'), 0) AS criticas,
    coalesce(sum(d.comments) FILTER (d.category = 'suggestion'), 0) AS sugestoes,
    coalesce(sum(d.comments) FILTER (d.category = 'question'), 0) AS perguntas
FROM comments.topic_daily AS d
JOIN comments.topics AS t USING (topic)
WHERE d.date > (SELECT max(date) FROM comments.topic_daily) - 30
GROUP BY ALL
ORDER BY criticas + sugestoes + perguntas DESC, topico;

-- 33. Which comments should a person read first?
-- What a labeller is unsure of, then what it is least sure of; questions before praise.
SELECT c.date, c.language, l.category, round(l.label_confidence, 2) AS sure, c.text
FROM comments.current_label AS l
JOIN comments.comments AS c USING (comment_id)
WHERE l.decided_by = 'labeller' AND l.category <> 'spam'
ORDER BY l.category <> 'unsure', l.category = 'praise', l.label_confidence, c.comment_id
LIMIT 20;

-- 34. Is the mood changing: which share is praise, criticism and unsure, week by week?
SELECT
    date_trunc('week', date)::DATE AS week,
    sum(comments) AS comments,
    round(coalesce(sum(comments) FILTER (category = 'praise'), 0) / sum(comments), 2) AS praise,
    round(
        coalesce(sum(comments) FILTER (category = 'criticism'), 0) / sum(comments), 2
    ) AS criticism,
    round(coalesce(sum(comments) FILTER (category = 'unsure'), 0) / sum(comments), 2) AS unsure
FROM comments.category_daily
WHERE category <> 'spam'
GROUP BY week
ORDER BY week;

-- 35. How often were labels wrong, by the persons who looked?
-- Of decisions about labels that were not `unsure`; how good a labeller is by the golden set, is in
-- `comments.evaluations`.
SELECT
    coalesce(sum(decisions), 0) AS decisions,
    coalesce(sum(unsure), 0) AS unsure,
    coalesce(sum(disagreements), 0) AS disagreements,
    round(sum(disagreements) / nullif(sum(decisions - unsure), 0), 3) AS share_wrong
FROM comments.disagreement_daily;

-- 36. How many streams are expected of each release in the next seven days, and from what day on?
SELECT
    r.title,
    p.predicted_from,
    any_value(p.status) AS status,
    round(sum(p.predicted)) AS next_7_days,
    round(min(p.low)) AS a_weak_day,
    round(max(p.high)) AS a_strong_day
FROM predictions.streams_daily AS p
JOIN star.dim_release AS r USING (release_id)
WHERE p.days_ahead <= 7
GROUP BY r.release_id, r.title, p.predicted_from, p.made_at
QUALIFY p.made_at = max(p.made_at) OVER (PARTITION BY r.release_id)
ORDER BY next_7_days DESC NULLS LAST, r.title;

-- 37. What did the model get most wrong, and would the last day going on have been nearer?
SELECT
    r.title,
    s.date,
    s.days_ahead,
    s.candidate,
    round(s.predicted) AS predicted,
    s.streams,
    abs(s.naive_error) < abs(s.error) AS naive_was_nearer
FROM predictions.scores AS s
JOIN star.dim_release AS r USING (release_id)
ORDER BY abs(s.error) DESC, r.title, s.date
LIMIT 20;

-- 38. How good have the predictions been, week by week, and did their intervals hold?
-- 80 % of days should be inside.
SELECT
    date_trunc('week', s.date) AS week,
    count(*) AS days,
    round(sum(abs(s.error)) / nullif(sum(s.streams), 0), 3) AS off_by,
    round(sum(abs(s.naive_error)) / nullif(sum(s.streams), 0), 3) AS naive_off_by,
    round(avg(s.is_inside::INT), 2) AS inside
FROM predictions.scores AS s
JOIN star.dim_release AS r USING (release_id)
GROUP BY week
ORDER BY week;

-- 39. Which releases may enter Spotify's own playlists next, and is that more than the base rate?
SELECT
    r.title,
    t.playlist,
    any_value(t.status) AS status,
    min(t.date) AS from_day,
    round(1 - exp(sum(ln(1 - t.probability))), 3) AS in_four_weeks,
    round(1 - exp(sum(ln(1 - t.base_rate))), 3) AS base_rate,
    any_value(t.needs) AS needs
FROM predictions.playlist_triggers AS t
JOIN star.dim_release AS r USING (release_id)
GROUP BY r.title, t.playlist
ORDER BY in_four_weeks DESC NULLS LAST, r.title, t.playlist;

-- 40. Which genres do I listen to, and of how much of it is the genre known?
SELECT
    genre,
    plays,
    round(100 * share) AS percent,
    round(100 * share_known) AS percent_known,
    coverage
FROM listening.genres(
    (SELECT max(date) - 90 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage)
)
LIMIT 10;

-- 41. Which artists did I love and forget: played ten times or more, and not for two months?
SELECT name, plays, first_at::DATE AS first_heard, days_since, coverage
FROM listening.forgotten(
    'artist',
    (SELECT max(date) FROM star.play_coverage),
    min_plays := 10,
    silent_days := 60,
    n := 10
);

-- 42. What do I play in the morning, at noon, in the evening and at night?
SELECT part AS hour, name, artist, plays
FROM listening.top_by(
    'hour',
    'track',
    (SELECT max(date) - 365 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage),
    n := 1
)
WHERE part IN (8, 12, 18, 23);

-- 43. On what do I listen, and how much of it is shuffled?
SELECT 'platform' AS context, value, plays, round(100 * share) AS percent
FROM listening.by_context(
    'platform',
    (SELECT max(date) - 365 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage)
)
UNION ALL
SELECT 'shuffle', value, plays, round(100 * share)
FROM listening.by_context(
    'shuffle',
    (SELECT max(date) - 365 FROM star.play_coverage),
    (SELECT max(date) FROM star.play_coverage)
)
ORDER BY context, plays DESC, value;

-- 44. Is my year unlike the one before?
SELECT
    measure,
    this_year,
    year_before,
    round(100 * share_of_change) AS percent_more,
    coverage,
    coverage_before
FROM listening.year_compared(year((SELECT max(date) FROM star.play_coverage)));
