-- What did each release earn?
SELECT r.title, s.currency, sum(s.earnings) AS earnings
FROM star.fact_sale_monthly AS s JOIN star.dim_release AS r USING (release_id)
GROUP BY ALL
ORDER BY earnings DESC;

-- What does a thousand streams bring in each store?
SELECT store, currency, 1000 * sum(earnings) / nullif(sum(quantity), 0) AS a_thousand
FROM star.fact_sale_monthly
GROUP BY ALL;

-- Where do the listeners live?
SELECT country, sum(quantity) AS quantity
FROM star.fact_sale_monthly
GROUP BY ALL
ORDER BY quantity DESC;
