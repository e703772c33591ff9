"""Contracts of ``star``: facts of a genre-day, dimensions from all days that are there.

A fact has the surrogate key of the version that held on its day: joined on it alone, each fact
finds exactly one row of the dimension. Facts lie in the lake without it (``Daily…``); it is
assigned when the warehouse is published: only all days together say which versions there are.
"""

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.catalog.processed import ALBUM_TYPES, PRECISIONS
from spotify_assets.schemas.contract import Contract, Stage

VERSION_KEY = "Identifies the version: a hash of what it says, the same in every warehouse."


class DimDate(
    Contract,
    table="star.dim_date",
    grain="one day",
    key=("date",),
    stage=Stage.DERIVED,
):
    """The calendar from the first to the last day of the facts, without holes."""

    date: pl.Date = c.column(description="Day (UTC).")
    year: pl.Int32 = c.count("Year.")
    quarter: pl.Int32 = c.position("Quarter, 1 to 4.")
    month: pl.Int32 = c.position("Month, 1 to 12.")
    day: pl.Int32 = c.position("Day of the month.")
    iso_week: pl.Int32 = c.position("ISO week, 1 to 53.")
    weekday: pl.Int32 = c.position("ISO weekday: 1 is Monday, 7 is Sunday.")
    is_weekend: bool = c.text("Saturday or Sunday.")


class DimGenre(
    Contract,
    table="star.dim_genre",
    grain="one genre",
    key=("genre",),
    stage=Stage.DERIVED,
):
    """The genres that were ever asked for."""

    genre: str = c.genre()
    first_date: pl.Date = c.text("First day (UTC) collected.")
    last_date: pl.Date = c.text("Last day (UTC) collected.")
    days_collected: pl.Int32 = c.position("Days collected.")


class DimArtist(
    Contract,
    table="star.dim_artist",
    grain="one version of an artist",
    key=("artist_id", "valid_from"),
    surrogate="artist_key",
    stage=Stage.DERIVED,
):
    """Artists, a version for each change of name."""

    artist_key: pl.Int64 = c.version_key(VERSION_KEY)
    artist_id: str = c.spotify_id("artist")
    name: str = c.name("artist", nullable=True)
    valid_from: pl.Date = c.valid_from()
    valid_to: pl.Date = c.valid_to()
    is_current: bool = c.is_current()
    is_inferred: bool = c.is_inferred()


class DimTrack(
    Contract,
    table="star.dim_track",
    grain="one version of a track",
    key=("track_id", "valid_from"),
    references={("album_id",): "star.dim_album"},
    surrogate="track_key",
    stage=Stage.DERIVED,
):
    """Tracks, a version for each change of name, album, length, explicit mark or ISRC."""

    track_key: pl.Int64 = c.version_key(VERSION_KEY)
    track_id: str = c.spotify_id("track")
    name: str = c.name("track")
    album_id: str = c.spotify_id("album", nullable=True)
    duration_ms: pl.Int64 = c.count("Length in milliseconds.")
    is_explicit: bool = c.text("Marked as explicit.", nullable=True)
    isrc: str = c.text("International Standard Recording Code.", nullable=True)
    valid_from: pl.Date = c.valid_from()
    valid_to: pl.Date = c.valid_to()
    is_current: bool = c.is_current()


class DimAlbum(
    Contract,
    table="star.dim_album",
    grain="one album",
    key=("album_id",),
    stage=Stage.DERIVED,
):
    """Albums as they were seen last."""

    album_id: str = c.spotify_id("album")
    name: str = c.name("album", nullable=True)
    album_type: str = c.one_of(ALBUM_TYPES, "Kind of release.", nullable=True)
    release_date: str = c.text("Release date as Spotify gives it.", nullable=True)
    release_date_precision: str = c.one_of(
        PRECISIONS, "How much of the release date is known.", nullable=True
    )
    released_from: pl.Date = c.text("First day that the release date can mean.", nullable=True)
    total_tracks: pl.Int32 = c.count("Tracks on the album.", nullable=True)
    last_date: pl.Date = c.text("Day (UTC) on which it was last seen.")
    is_inferred: bool = c.is_inferred()


class BridgeTrackArtist(
    Contract,
    table="star.bridge_track_artist",
    grain="one artist credited on a track",
    key=("track_id", "position"),
    references={
        ("track_id",): "star.dim_track",
        ("artist_id",): "star.dim_artist",
        ("track_key",): "star.dim_track",
        ("artist_key",): "star.dim_artist",
    },
    stage=Stage.DERIVED,
):
    """Who is credited on a track, as it was seen last; where no credit was good then, nobody."""

    track_id: str = c.spotify_id("track")
    position: pl.Int32 = c.position("Place among the track's artists, from 1: the main artist.")
    artist_id: str = c.spotify_id("artist")
    track_key: pl.Int64 = c.version_key("Current version in `star.dim_track`.")
    artist_key: pl.Int64 = c.version_key("Current version in `star.dim_artist`.")


class DailyTracks(
    Contract,
    table="star.fact_track_daily",
    grain="one track of a genre-day",
    key=("genre", "date", "track_id"),
    references={
        ("genre",): "star.dim_genre",
        ("date",): "star.dim_date",
        ("track_id",): "star.dim_track",
    },
    stage=Stage.FACTS,
):
    """A track on a day in a genre, as the genre-day knows it by itself."""

    genre: str = c.genre()
    date: pl.Date = c.date()
    track_id: str = c.spotify_id("track")
    popularity: pl.Int32 = c.popularity()
    search_position: pl.Int32 = c.position(
        "First position in the genre's search; null if not found by it.", nullable=True
    )
    rank: pl.Int32 = c.position("Rank in `rankings.top_tracks`; null if unranked.", nullable=True)


class DailyArtists(
    Contract,
    table="star.fact_artist_daily",
    grain="one artist of a genre-day",
    key=("genre", "date", "artist_id"),
    references={
        ("genre",): "star.dim_genre",
        ("date",): "star.dim_date",
        ("artist_id",): "star.dim_artist",
    },
    stage=Stage.FACTS,
):
    """An artist on a day in a genre, as the genre-day knows it by itself."""

    genre: str = c.genre()
    date: pl.Date = c.date()
    artist_id: str = c.spotify_id("artist")
    popularity: pl.Int32 = c.popularity()
    followers: pl.Int64 = c.count("Followers on that day; null in development mode.", nullable=True)
    search_position: pl.Int32 = c.position(
        "First position in the genre's search; null if not found by it.", nullable=True
    )
    rank: pl.Int32 = c.position("Rank in `rankings.top_artists`; null if unranked.", nullable=True)


class FactTrackDaily(
    DailyTracks,
    table="star.fact_track_daily",
    grain="one track of a genre-day",
    key=("genre", "date", "track_id"),
    references={
        **DailyTracks.references(),
        ("track_key",): "star.dim_track",
    },
    stage=Stage.PUBLISHED,
):
    """A track on a day in a genre: popularity, search position, rank.

    Join `star.dim_track` on `track_key`: one row, as the track was on that day. On `track_id` there
    is one for each version. Joined already: `star.track_daily`.
    """

    track_key: pl.Int64 = c.version_key("Version in `star.dim_track` that held on that day.")


class FactArtistDaily(
    DailyArtists,
    table="star.fact_artist_daily",
    grain="one artist of a genre-day",
    key=("genre", "date", "artist_id"),
    references={
        **DailyArtists.references(),
        ("artist_key",): "star.dim_artist",
    },
    stage=Stage.PUBLISHED,
):
    """An artist on a day in a genre: popularity, followers, search position, rank.

    Join `star.dim_artist` on `artist_key`: one row, as the artist was on that day. On `artist_id`
    there is one for each version. Joined already: `star.artist_daily`.
    """

    artist_key: pl.Int64 = c.version_key("Version in `star.dim_artist` that held on that day.")
