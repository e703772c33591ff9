-- `streams`: every readable row of every export file, as `typed_rows` has it, but for the kind of what
-- was played. Files of account data that hold music and podcasts together name a show as an artist:
-- there the shows that are followed by the same download, and those that podcast rows name, make an
-- episode of a row. Names are compared by their normal forms, which `spelled` has. An Unknown Track of
-- account data is a file of the listener's own.

-- Grain: one show that a podcast row names.
CREATE TEMP TABLE shows AS
SELECT DISTINCT n.name_normal AS show_name
FROM typed_rows AS s
JOIN spelled AS n ON n.name = s.artist_name
WHERE s.kind = 'podcast';

-- Shows that are followed, by the same download as a file. Grain: one file and show.
CREATE TEMP TABLE followed AS
SELECT DISTINCT f.file_id, n.name_normal AS show_name
FROM (SELECT file_id, unnest(shows) AS name FROM import_files) AS f
JOIN spelled AS n USING (name);

-- What the extended history knows as tracks of artists that are called as shows are.
-- Grain: one pair of names.
CREATE TEMP TABLE tracks_of_namesakes AS
SELECT DISTINCT a.name_normal AS artist, t.name_normal AS track
FROM typed_rows AS s
JOIN spelled AS a ON a.name = s.artist_name
JOIN spelled AS t ON t.name = s.name
WHERE s.package = 'extended'
    AND s.kind = 'music'
    AND a.name_normal IN (SELECT show_name FROM shows UNION SELECT show_name FROM followed);

-- What stands as music in such a file and is an episode. Grain: one file, artist and name, as they
-- are written.
CREATE TEMP TABLE episodes AS
SELECT s.file_id, s.artist_name, s.name
FROM (
    SELECT DISTINCT s.file_id, s.artist_name, s.name
    FROM typed_rows AS s
    JOIN import_files AS f USING (file_id)
    WHERE s.package = 'account' AND s.kind = 'music' AND coalesce(f.media, 'audio') = 'audio'
) AS s
JOIN spelled AS a ON a.name = s.artist_name
LEFT JOIN spelled AS t ON t.name = s.name
LEFT JOIN tracks_of_namesakes AS n ON n.artist = a.name_normal AND n.track = t.name_normal
WHERE n.track IS NULL
    AND (
        a.name_normal IN (SELECT show_name FROM shows)
        OR (s.file_id, a.name_normal) IN (SELECT (file_id, show_name) FROM followed)
    );

CREATE TEMP VIEW streams AS
SELECT s.* REPLACE (CASE
    WHEN s.kind = 'music' AND e.file_id IS NOT NULL THEN 'podcast'
    WHEN s.package = 'account'
        AND lower(s.artist_name) = 'unknown artist'
        AND lower(s.name) = 'unknown track'
    THEN 'local_file'
    ELSE s.kind
END AS kind)
FROM typed_rows AS s
LEFT JOIN episodes AS e
    ON e.file_id = s.file_id
    AND e.artist_name = s.artist_name
    AND e.name IS NOT DISTINCT FROM s.name;
