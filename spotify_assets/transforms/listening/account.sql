-- Plays of the account data. Its rows have no ids and only minutes, so two alike in one file are two
-- plays; in another file the same again are the same plays.
CREATE TEMP TABLE account AS
WITH counted AS (
    SELECT
        row_id,
        ended_at,
        item_key,
        name_key,
        ms_played,
        row_number() OVER (
            PARTITION BY file_id, ended_at, item_key, ms_played ORDER BY position
        ) AS occurrence
    FROM export_rows
    WHERE package = 'account'
)
SELECT min(row_id) AS row_id, ended_at, item_key, name_key, ms_played
FROM counted
GROUP BY ended_at, item_key, name_key, ms_played, occurrence;

-- The same play in both packages: same names, same length, and the minute is that of the end.
-- Grain: one play of the account data that the extended history has too.
CREATE TEMP TABLE same_in_account AS
WITH minutes AS (
    SELECT min(ended_at) AS first, max(ended_at) + INTERVAL 1 MINUTE AS past FROM account
),
e AS (
    SELECT
        x.row_id,
        date_trunc('minute', x.ended_at) AS ended_at,
        x.ms_played,
        i.name_key,
        row_number() OVER (
            PARTITION BY date_trunc('minute', x.ended_at), x.ms_played, i.name_key
            ORDER BY x.ended_at, x.row_id
        ) AS nth
    FROM extended AS x
    JOIN (
        SELECT item_key, name_key FROM export_items
        UNION
        SELECT e.item_key, u.name_key FROM export_items AS e, unnamed AS u
        WHERE e.kind = 'local_file'
    ) AS i USING (item_key)
    JOIN minutes AS m ON x.ended_at >= m.first AND x.ended_at < m.past
),
a AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY ended_at, ms_played, name_key ORDER BY row_id) AS nth
    FROM account
)
SELECT a.row_id AS account_id, min(e.row_id) AS row_id
FROM a
JOIN e USING (ended_at, ms_played, name_key, nth)
GROUP BY a.row_id
-- An item that has had two names could stand for two.
QUALIFY row_number() OVER (PARTITION BY min(e.row_id) ORDER BY a.row_id) = 1;

-- Which item a pair of names means, where one with an id is known: the one played most.
CREATE TEMP TABLE meant AS
SELECT name_key, arg_max(item_key, (times, item)) AS item_key
FROM (
    SELECT name_key, item_key, item, times FROM export_items WHERE track_id IS NOT NULL
    UNION ALL BY NAME
    SELECT name_key, item_key, item, times FROM reported_items
)
GROUP BY name_key;

-- Plays of all exports, each once. Grain: one play.
CREATE TEMP TABLE exported AS
SELECT
    x.row_id,
    x.ended_at,
    x.item_key,
    x.ms_played,
    'extended' AS source,
    s.account_id IS NOT NULL AS is_in_account
FROM extended AS x
LEFT JOIN same_in_account AS s USING (row_id)
UNION ALL
SELECT
    a.row_id,
    a.ended_at,
    coalesce(m.item_key, a.item_key),
    a.ms_played,
    'account',
    true
FROM account AS a
ANTI JOIN same_in_account AS s ON s.account_id = a.row_id
LEFT JOIN meant AS m USING (name_key);
