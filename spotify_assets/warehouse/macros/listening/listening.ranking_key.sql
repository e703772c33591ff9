-- What is ranked as one: a track's recording, an artist's name, an album's name with its artist's.
CREATE OR REPLACE MACRO listening.ranking_key(what, recording, artist_name, album_name) AS
    CASE what
        WHEN 'track' THEN recording
        WHEN 'artist' THEN artist_name
        WHEN 'album' THEN album_name || chr(31) || coalesce(artist_name, '')
        ELSE error('A ranking is of ''track'', ''artist'' or ''album''.')
    END
