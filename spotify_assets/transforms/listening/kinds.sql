-- `streams`: every readable row of every export file, as `typed_rows` has it, but for the kind of what
-- was played. Files of account data that hold music and podcasts together name a show as an artist:
-- there the shows that are followed by the same download, and those that podcast rows name, make an
-- episode of a row. An Unknown Track of account data is a file of the listener's own.

-- Grain: one show that a podcast row names.
CREATE TEMP TABLE shows AS
SELECT DISTINCT lower(artist_name) AS show_name
FROM typed_rows
WHERE kind = 'podcast' AND artist_name IS NOT NULL;

-- Shows that are followed, by the same download as a file. Grain: one file and show.
CREATE TEMP TABLE followed AS
SELECT DISTINCT file_id, lower(show_name) AS show_name
FROM (SELECT file_id, unnest(shows) AS show_name FROM import_files);

-- What the extended history knows as tracks of artists that are called as shows are.
-- Grain: one pair of names.
CREATE TEMP TABLE tracks_of_namesakes AS
SELECT DISTINCT lower(artist_name) AS artist, lower(name) AS name
FROM typed_rows
WHERE package = 'extended'
    AND kind = 'music'
    AND lower(artist_name) IN (SELECT show_name FROM shows UNION SELECT show_name FROM followed);

CREATE TEMP VIEW streams AS
SELECT s.* REPLACE (CASE
    WHEN s.package = 'account'
        AND s.kind = 'music'
        AND coalesce(f.media, 'audio') = 'audio'
        AND coalesce(h.show_name, d.show_name) IS NOT NULL
        AND t.name IS NULL
    THEN 'podcast'
    WHEN s.package = 'account'
        AND lower(s.artist_name) = 'unknown artist'
        AND lower(s.name) = 'unknown track'
    THEN 'local_file'
    ELSE s.kind
END AS kind)
FROM typed_rows AS s
JOIN import_files AS f USING (file_id)
LEFT JOIN shows AS h ON h.show_name = lower(s.artist_name)
LEFT JOIN followed AS d ON d.file_id = s.file_id AND d.show_name = lower(s.artist_name)
LEFT JOIN tracks_of_namesakes AS t
    ON t.artist = lower(s.artist_name) AND t.name = lower(s.name);
