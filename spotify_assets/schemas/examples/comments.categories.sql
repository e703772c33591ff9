-- What are the categories called?
SELECT category, name_en, name_pt, name_es
FROM comments.categories;

-- How many comments has each, in Portuguese?
SELECT n.name_pt AS categoria, count(l.comment_id) AS comentarios
FROM comments.categories AS n LEFT JOIN comments.current_label AS l USING (category)
GROUP BY ALL
ORDER BY comentarios DESC;

-- Which category is the most frequent, in Spanish?
SELECT n.name_es AS categoria, count(*) AS comentarios
FROM comments.categories AS n JOIN comments.current_label AS l USING (category)
GROUP BY ALL
ORDER BY comentarios DESC
LIMIT 1;
