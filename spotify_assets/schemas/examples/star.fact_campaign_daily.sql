-- What did each campaign cost, and what was a click?
SELECT campaign, currency, sum(spend) AS spend, sum(spend) / nullif(sum(link_clicks), 0) AS a_click
FROM star.fact_campaign_daily
GROUP BY ALL;

-- What do the results of each campaign count?
SELECT campaign, result_indicator, sum(results) AS results
FROM star.fact_campaign_daily
GROUP BY ALL;

-- How was a release streamed while it was advertised?
SELECT c.release_id, c.date, c.spend, s.streams
FROM star.fact_campaign_daily AS c LEFT JOIN star.fact_streams_daily AS s USING (release_id, date)
ORDER BY ALL;
