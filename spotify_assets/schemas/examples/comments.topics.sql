-- What are comments about?
SELECT topic, name_en, comments
FROM comments.topics
ORDER BY comments DESC;

-- Which topics does no comment have?
SELECT topic, meaning
FROM comments.topics
WHERE comments = 0;

-- What is criticised most, in Spanish?
SELECT t.name_es AS tema, sum(d.comments) AS comentarios
FROM comments.topics AS t JOIN comments.topic_daily AS d USING (topic)
WHERE d.category = 'criticism'
GROUP BY ALL
ORDER BY comentarios DESC;
