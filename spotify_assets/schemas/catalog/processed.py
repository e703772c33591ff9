"""Contracts of ``processed`` and ``quarantine``: typed, deduplicated, keyed rows of one genre-day.

Belongs here: tables whose rows are read off raw responses.
Does not belong here: anything ranked, joined or looked up across days.
"""

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract, Stage

KINDS = ["artist", "track", "album"]
ALBUM_TYPES = ["album", "single", "compilation", "ep"]
PRECISIONS = ["day", "month", "year"]
RESPONSES = "responses"
"""In quarantine: a response that cannot be used as a whole."""
RELEASE_DATE = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"


class Extracts(
    Contract,
    table="processed.extracts",
    grain="one collected genre-day",
    key=("genre", "date"),
    stage=Stage.PROCESSED,
):
    """What was asked for a genre on a day, and how much came back; also where nothing did.

    Of several finished collections of a genre-day, the one with the highest number.
    """

    genre: str = c.genre()
    date: pl.Date = c.date()
    source: str = c.one_of(["spotify", "sandbox"], "Which API answered.")
    market: str = c.text("Market (ISO 3166-1 alpha-2) that was asked for.")
    artists_wanted: pl.Int32 = c.count(
        "Artists that the collection was to find; so many are ranked."
    )
    tracks_wanted: pl.Int32 = c.count("Tracks that the collection was to find; so many are ranked.")
    artists_asked: pl.Int32 = c.count(
        "Positions of the artist search that were answered, from 1 on without a hole; 0: not asked."
    )
    tracks_asked: pl.Int32 = c.count(
        "Positions of the track search that were answered, from 1 on without a hole; 0: not asked."
    )
    responses: pl.Int32 = c.count("Responses in the raw file.")
    refused_responses: pl.Int32 = c.count("Of these, with a status other than 200.")
    unreadable_responses: pl.Int32 = c.count("Of these, status 200 but cut, empty or not JSON.")
    is_complete: bool = c.text(
        "Each page that was asked for came whole, at the latest when asked again, and so did each "
        "that was promised: a page promises the next one by `next`, by `total`, or by being full, "
        "as long as fewer than the wanted were shown and the next one ends by position 1000. Three "
        "empty pages in a row end a search. False: the genre-day is due again."
    )
    source_file: str = c.source_file()
    code_version: str = c.text("Version of the rules and contracts that made the rows.")


class Reconciliation(
    Contract,
    table="processed.reconciliation",
    grain="one table of a genre-day",
    key=("genre", "date", "table_name"),
    stage=Stage.PROCESSED,
):
    """The account of each table: received = kept + duplicate + quarantined, to the row.

    Every mention is received: of an artist, each credit on a track or album too. Of the first good
    mention of a key the row is kept; the further good ones are duplicates.
    """

    genre: str = c.genre()
    date: pl.Date = c.date()
    table_name: str = c.text("Table of the layer `processed`.")
    received: pl.Int64 = c.count(
        "Mentions in the responses; of `track_artists`, the credits of the tracks that are kept."
    )
    kept: pl.Int64 = c.count("Rows in the table.")
    duplicate: pl.Int64 = c.count("Further mentions of what is kept, or set aside, already.")
    quarantined: pl.Int64 = c.count("Objects set aside in `quarantine.rows`.")


class Artists(
    Contract,
    table="processed.artists",
    grain="one artist of a genre-day",
    key=("genre", "date", "artist_id"),
    stage=Stage.PROCESSED,
):
    """Every artist that a response names, in full where it was searched or looked up.

    Of several mentions the first full object is kept, else the first credit on a track or album.
    """

    genre: str = c.genre()
    date: pl.Date = c.date()
    artist_id: str = c.spotify_id("artist")
    name: str = c.name("artist")
    popularity: pl.Int32 = c.popularity()
    followers: pl.Int64 = c.count("Followers on that day; null in development mode.", nullable=True)
    spotify_genres: pl.List = c.column(
        nullable=True,
        description="Spotify's own, deprecated genres of the artist; may be empty or null.",
    )
    is_full: bool = c.text("Full artist object; otherwise only the credit on a track or album.")
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()


class Albums(
    Contract,
    table="processed.albums",
    grain="one album of a genre-day",
    key=("genre", "date", "album_id"),
    stage=Stage.PROCESSED,
):
    """Every album that a response names; of several mentions the first is kept."""

    genre: str = c.genre()
    date: pl.Date = c.date()
    album_id: str = c.spotify_id("album")
    name: str = c.name("album")
    album_type: str = c.one_of(ALBUM_TYPES, "Kind of release.", nullable=True)
    release_date: str = c.column(
        str_matches=RELEASE_DATE,
        description="Release date as Spotify gives it: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.",
    )
    release_date_precision: str = c.one_of(PRECISIONS, "How much of the release date is known.")
    released_from: pl.Date = c.text("First day that the release date can mean.")
    total_tracks: pl.Int32 = c.count("Tracks on the album.", nullable=True)
    artist_ids: pl.List = c.column(
        nullable=True,
        description="Spotify ids of the album's artists, in order.",
    )
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()


class Tracks(
    Contract,
    table="processed.tracks",
    grain="one track of a genre-day",
    key=("genre", "date", "track_id"),
    stage=Stage.PROCESSED,
):
    """Every track that a response holds; of several mentions the first is kept."""

    genre: str = c.genre()
    date: pl.Date = c.date()
    track_id: str = c.spotify_id("track")
    name: str = c.name("track")
    album_id: str = c.spotify_id("album", nullable=True)
    popularity: pl.Int32 = c.popularity()
    duration_ms: pl.Int64 = c.count("Length in milliseconds.")
    is_explicit: bool = c.text("Marked as explicit.", nullable=True)
    disc_number: pl.Int32 = c.position("Disc, from 1.", nullable=True)
    track_number: pl.Int32 = c.position("Place on the disc, from 1.", nullable=True)
    isrc: str = c.text("International Standard Recording Code.", nullable=True)
    is_playable: bool = c.text("Playable in the market; null where not said.", nullable=True)
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()


class TrackArtists(
    Contract,
    table="processed.track_artists",
    grain="one artist credited on a track of a genre-day",
    key=("genre", "date", "track_id", "position"),
    references={("genre", "date", "track_id"): "processed.tracks"},
    stage=Stage.PROCESSED,
):
    """Who is credited on a track, in order: on the mention of it that is kept, and on no other."""

    genre: str = c.genre()
    date: pl.Date = c.date()
    track_id: str = c.spotify_id("track")
    position: pl.Int32 = c.position("Place among the track's artists, from 1: the main artist.")
    artist_id: str = c.spotify_id("artist")
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()


class SearchResults(
    Contract,
    table="processed.search_results",
    grain="one position of a search result",
    key=("genre", "date", "kind", "position"),
    stage=Stage.PROCESSED,
):
    """What the search returned at each position; an id may stand at several.

    Also what is in quarantine otherwise: only its id must be good.
    """

    genre: str = c.genre()
    date: pl.Date = c.date()
    kind: str = c.one_of(KINDS, "What was searched for.")
    position: pl.Int32 = c.position("Position in the search result, from 1.")
    id: str = c.spotify_id("artist, track or album")
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()


class QuarantinedRows(
    Contract,
    table="quarantine.rows",
    grain="one object, or one unreadable response, that was set aside",
    key=("genre", "date", "table_name", "source_file", "source_line", "source_pointer"),
    stage=Stage.PROCESSED,
):
    """Objects and responses that break a contract, with the reason; nothing is dropped."""

    genre: str = c.genre()
    date: pl.Date = c.date()
    table_name: str = c.text("Table it was meant for; `responses` for an unreadable response.")
    source_file: str = c.source_file()
    source_line: pl.Int32 = c.source_line()
    source_pointer: str = c.text("Where in the response: a JSON pointer (RFC 6901).")
    reason: str = c.text("Every rule it breaks, with the value that does.")
    record: str = c.text("The row as it was read, as JSON.")
