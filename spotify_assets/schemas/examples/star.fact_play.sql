-- How many hours did I listen in each year?
SELECT year(ended_at) AS year, kind, round(sum(ms_heard) / 3600000) AS hours
FROM star.fact_play
GROUP BY year, kind
ORDER BY year, hours DESC;

-- What did I play last?
SELECT play.ended_at, item.name, item.artist_name
FROM star.fact_play AS play
JOIN star.dim_item AS item USING (item_key)
ORDER BY play.ended_at DESC
LIMIT 10;

-- Why did plays of music end?
SELECT reason_end, count(*) AS plays, round(median(ms_played) / 1000) AS seconds
FROM star.fact_play
WHERE kind = 'music'
GROUP BY reason_end
ORDER BY plays DESC;
