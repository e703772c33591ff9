-- Which share of the visits goes on to a platform?
SELECT landing_url, sum(clicks) / nullif(sum(visits), 0) AS share
FROM star.fact_link_daily
GROUP BY ALL;

-- How many of the clicks on an advertisement came to the page?
SELECT release_id, sum(c.link_clicks) AS link_clicks, sum(l.visits) AS visits
FROM star.fact_link_daily AS l JOIN star.fact_campaign_daily AS c USING (release_id, date)
GROUP BY ALL;

-- Which pages are of no release, and which of which?
SELECT DISTINCT release_id, landing_url
FROM star.fact_link_daily
ORDER BY release_id NULLS FIRST;
