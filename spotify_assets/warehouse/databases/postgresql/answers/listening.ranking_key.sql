-- What is ranked as one: a track's recording, an artist's name, an album's name with its artist's.
CREATE OR REPLACE FUNCTION listening.ranking_key(
    what text, recording text, artist_name text, album_name text
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE what
        WHEN 'track' THEN recording
        WHEN 'artist' THEN artist_name
        WHEN 'album' THEN album_name || chr(31) || coalesce(artist_name, '')
        -- SQL raises no errors of its own; this one says what is wrong.
        ELSE ('A ranking is of ''track'', ''artist'' or ''album'', not of ' || what)::integer::text
    END
$$
