-- All that an artist, a track or a show is called, to be brought into its normal form: where a file of
-- account data may hold music and podcasts together. Grain: one name, as it is written.
CREATE TEMP VIEW name_variants AS
SELECT DISTINCT name
FROM (
    SELECT unnest([artist_name, name]) AS name FROM typed_rows WHERE kind IN ('music', 'podcast')
    UNION ALL
    SELECT unnest(shows) FROM import_files
)
WHERE name IS NOT NULL
    AND EXISTS (FROM import_files WHERE package = 'account' AND coalesce(media, 'audio') = 'audio');
