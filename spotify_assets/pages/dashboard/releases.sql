-- What the page of the releases asks; `$…` are bound, NULL for all.

-- Which releases are there?
SELECT r.release_id, r.title, r.artist_id, coalesce(a.name, r.artist_id) AS artist, r.released_on
FROM star.dim_release AS r
LEFT JOIN star.dim_artist_profile AS a USING (artist_id)
ORDER BY artist, r.released_on DESC NULLS LAST, r.title;

-- How was the last week, against the week before and the same week a year before?
-- Of artists who have a release; a week is complete where each of them has its seven days.
WITH own AS (
    SELECT * FROM star.fact_audience_daily
    WHERE artist_id IN (SELECT artist_id FROM star.dim_release)
        AND ($artist IS NULL OR artist_id = $artist)
),
last AS (SELECT max(date) AS day, count(DISTINCT artist_id) AS artists FROM own),
weeks AS (
    SELECT ago, day - ago - 6 AS since, day - ago AS until, artists
    FROM last CROSS JOIN (VALUES (0), (7), (364)) AS one (ago)
)
SELECT
    w.ago,
    w.since,
    w.until,
    count(o.date) AS artist_days,
    7 * any_value(w.artists) AS artist_days_wanted,
    sum(o.streams)::BIGINT AS streams,
    sum(o.listeners) / 7 AS listeners,
    sum(o.saves)::BIGINT AS saves,
    sum(o.playlist_adds)::BIGINT AS playlist_adds,
    (sum(o.followers) FILTER (o.date = w.until))::BIGINT AS followers
FROM weeks AS w
LEFT JOIN own AS o ON o.date BETWEEN w.since AND w.until
GROUP BY w.ago, w.since, w.until
ORDER BY w.ago;

-- How many streams had a release a day, and how many are expected?
SELECT date, streams, NULL::DOUBLE AS predicted, NULL::DOUBLE AS low, NULL::DOUBLE AS high
FROM star.fact_streams_daily
WHERE release_id = $release
    AND date > (SELECT max(date) FROM star.fact_streams_daily WHERE release_id = $release) - 90
UNION ALL
SELECT p.date, NULL, p.predicted, p.low, p.high
FROM predictions.streams_daily AS p
JOIN predictions.models AS m USING (model_version)
WHERE p.release_id = $release AND m.is_current AND p.predicted IS NOT NULL
QUALIFY p.predicted_from = max(p.predicted_from) OVER ()
ORDER BY date;

-- What is missing where nothing is predicted?
SELECT DISTINCT p.needs
FROM predictions.streams_daily AS p
JOIN predictions.models AS m USING (model_version)
WHERE p.release_id = $release AND m.is_current AND p.needs IS NOT NULL;

-- How good were predictions so far?
SELECT
    count(*) AS days,
    sum(abs(error)) / nullif(sum(streams), 0) AS missed,
    sum(abs(naive_error)) / nullif(sum(streams), 0) AS naive_missed,
    avg(is_inside::INTEGER) AS inside
FROM predictions.scores
WHERE $release IS NULL OR release_id = $release;

-- What do tests with earlier days say of the model that predicts now?
SELECT e.days_ahead, e.candidate, e.wape, e.share_inside, e.is_winner, e.errors
FROM predictions.evaluations AS e
JOIN predictions.models AS m USING (model_version)
WHERE m.is_current
ORDER BY e.days_ahead, e.wape;

-- How likely is it that a release enters a playlist in the 28 days after the last list?
SELECT
    r.title,
    t.playlist,
    any_value(t.status) AS status,
    any_value(t.needs) AS needs,
    -- Of several days: one less the product of the chances that it does not.
    1 - exp(sum(ln(1 - t.probability)) FILTER (t.probability < 1)) AS probability,
    1 - exp(sum(ln(1 - t.base_rate)) FILTER (t.base_rate < 1)) AS base_rate,
    min(t.date) AS since,
    max(t.date) AS until
FROM predictions.playlist_triggers AS t
JOIN star.dim_release AS r USING (release_id)
WHERE $release IS NULL OR t.release_id = $release
GROUP BY r.title, t.playlist
ORDER BY probability DESC NULLS LAST, r.title, t.playlist;

-- What did campaigns cost, and what did they add?
SELECT
    l.campaign, r.title, l.first_day, l.last_day, l.spend, l.currency, l.verdict, l.needs,
    l.lift, l.lift_low, l.lift_high, l.added_streams, l.cost_per_added, l.cost_low, l.cost_high
FROM predictions.campaign_lift AS l
LEFT JOIN star.dim_release AS r USING (release_id)
WHERE ($artist IS NULL OR r.artist_id = $artist)
ORDER BY l.first_day DESC, l.campaign;
