"""What a lake of the benchmarks never has, and real ones do: SQL over its processed tables."""

ALL_BUT_EXTRACTS = ("tracks", "artists", "albums", "track_artists", "search_results")


def _deleted(condition: str, *tables: str) -> str:
    return "".join(f"DELETE FROM processed.{table} WHERE {condition};\n" for table in tables)


SQL = (
    # A day that nobody asked, one that was answered with nothing, one asked less deep.
    _deleted("genre = 'genre 002' AND date = '2025-11-22'", "extracts", *ALL_BUT_EXTRACTS)
    + _deleted("genre = 'rock' AND date = '2025-11-23'", *ALL_BUT_EXTRACTS)
    + """
UPDATE processed.extracts
SET tracks_wanted = 10, tracks_asked = 10, artists_wanted = 2, artists_asked = 2
WHERE genre = 'rock' AND date = '2025-11-21';
"""
    # What stood just as deep as the day after was asked is missing there.
    + """
DELETE FROM processed.search_results WHERE genre = 'rock' AND date = '2025-11-21' AND id IN (
    SELECT id FROM processed.search_results
    WHERE genre = 'rock' AND date = '2025-11-20' AND kind = 'track' AND position = 10
);
"""
    # A day of which artists were not asked.
    + _deleted("genre = 'genre 001' AND date = '2025-11-23' AND kind = 'artist'", "search_results")
    + """
UPDATE processed.extracts SET artists_asked = 0, artists_wanted = 0
WHERE genre = 'genre 001' AND date = '2025-11-23';

-- Days without popularity, and rows.
UPDATE processed.tracks SET popularity = NULL WHERE genre = 'genre 001' AND date = '2025-11-21';
UPDATE processed.artists SET popularity = NULL WHERE genre = 'genre 001' AND date >= '2025-11-24';
UPDATE processed.tracks SET popularity = NULL WHERE hash(track_id, date) % 7 = 0;
-- Ties.
UPDATE processed.tracks SET popularity = popularity // 25;

-- What changes and comes back, what is null, what only one genre saw so.
UPDATE processed.tracks SET name = name || ' (Live)'
WHERE hash(track_id) % 3 = 0 AND date BETWEEN '2025-11-21' AND '2025-11-22';
UPDATE processed.tracks SET is_explicit = NULL, isrc = NULL
WHERE hash(track_id) % 4 = 0 AND date >= '2025-11-23';
UPDATE processed.tracks SET album_id = NULL WHERE hash(track_id) % 5 = 0;
UPDATE processed.artists SET name = name || ' Jr', is_full = false
WHERE genre = 'genre 001' AND date IN ('2025-11-22', '2025-11-23');
UPDATE processed.artists SET followers = NULL WHERE genre = 'rock';
UPDATE processed.albums SET name = name || ' (' || genre || ')';
UPDATE processed.track_artists SET artist_id = md5(genre)[:22] WHERE position = 2;
UPDATE processed.artists SET name = 'Anonymous' WHERE hash(artist_id) % 2 = 0;

-- What is named and not described: artists from the start, for a while; albums.
DELETE FROM processed.artists WHERE hash(artist_id) % 5 = 0;
DELETE FROM processed.artists WHERE hash(artist_id) % 5 = 1 AND date < '2025-11-23';
DELETE FROM processed.albums WHERE hash(album_id) % 3 = 0;
-- What was not found by the search, and what stands in it twice.
DELETE FROM processed.search_results WHERE hash(id, date) % 6 = 0 AND position != 10;
INSERT INTO processed.search_results
SELECT genre, date, kind, position + 1000, id, source_file, source_line
FROM processed.search_results WHERE position % 4 = 0;
"""
)

RARE = {
    "a rank by search position": (
        "SELECT count(*) FROM rankings.top_tracks WHERE basis = 'search_position'"
    ),
    "no score": "SELECT count(*) FROM rankings.top_tracks WHERE score IS NULL",
    "a track without names": "SELECT count(*) FROM rankings.top_tracks WHERE artist_names = []",
    "a re-entry": "SELECT count(*) FROM made.top_tracks WHERE status = 're-entry'",
    "what left": "SELECT count(*) FROM made.departures WHERE reason = 'left'",
    "what was not reached": "SELECT count(*) FROM made.departures WHERE reason = 'not_reached'",
    "what left on a later day": (
        "SELECT count(*) FROM made.departures WHERE reason = 'left' AND date > last_date + 1"
    ),
    "what cannot be compared": (
        "SELECT count(*) FROM made.top_tracks WHERE status = 'not_comparable'"
    ),
    "what was not asked": "SELECT count(*) FROM made.departures WHERE reason = 'not_asked'",
    "an inferred artist": "SELECT count(*) FROM made.dim_artist WHERE is_inferred",
    "an artist described later": (
        "SELECT count(*) FROM made.dim_artist WHERE is_inferred AND NOT is_current"
    ),
    "an inferred album": "SELECT count(*) FROM made.dim_album WHERE is_inferred",
    "a track of three versions": (
        "SELECT count(*) FROM (SELECT track_id FROM made.dim_track "
        "GROUP BY track_id HAVING count(*) > 2)"
    ),
    "a track that the search did not find": (
        "SELECT count(*) FROM star.fact_track_daily WHERE search_position IS NULL"
    ),
}
"""Queries over our tables, each of which finds something once a lake is corrupted."""
