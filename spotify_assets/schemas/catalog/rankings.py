"""Contracts of ``rankings``.

What a genre-day knows by itself is a partition of the lake (``Ranked…``). What depends on the
neighbouring days is added when the warehouse is published (``Top…``), from all days that are
there, so that no day holds a stale copy of its neighbour.
"""

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract, Stage

BASES = ["popularity", "search_position"]
DECISIVE = ["left", "fell_below"]
"""Reasons of a departure by a day that could have ranked what is gone."""
DEPARTURES = [
    *DECISIVE,
    "not_reached",
    "quarantined",
    "other_market",
    "no_results",
    "not_asked",
]
SCORE = "What the rank is made from: popularity (high first) or search position (low first)."
RANK = "Rank in the genre on that day, from 1; no rank stands twice."


class RankedTracks(
    Contract,
    table="rankings.top_tracks",
    grain="one rank of a genre-day",
    key=("genre", "date", "rank"),
    stage=Stage.RANKED,
):
    """The tracks that a genre's search found first, as many as were wanted, by popularity.

    Those without one come last; where none has one, the search position ranks. Ties: the earlier
    search position first, then the smaller id.
    """

    genre: str = c.genre()
    date: pl.Date = c.date()
    rank: pl.Int32 = c.position(RANK)
    track_id: str = c.spotify_id("track")
    name: str = c.name("track")
    artist_names: pl.List = c.column(description="Names of the credited artists, in order.")
    score: pl.Int32 = c.count(SCORE, nullable=True)
    basis: str = c.one_of(BASES, "What the score is.")
    search_position: pl.Int32 = c.position("First position in the search result, from 1.")


class RankedArtists(
    Contract,
    table="rankings.top_artists",
    grain="one rank of a genre-day",
    key=("genre", "date", "rank"),
    stage=Stage.RANKED,
):
    """The artists that a genre's search found, ranked by the same rule as tracks."""

    genre: str = c.genre()
    date: pl.Date = c.date()
    rank: pl.Int32 = c.position(RANK)
    artist_id: str = c.spotify_id("artist")
    name: str = c.name("artist")
    score: pl.Int32 = c.count(SCORE, nullable=True)
    basis: str = c.one_of(BASES, "What the score is.")
    search_position: pl.Int32 = c.position("First position in the search result, from 1.")


class TopTracks(
    RankedTracks,
    table="rankings.top_tracks",
    grain="one rank of a genre-day",
    key=("genre", "date", "rank"),
    stage=Stage.PUBLISHED,
):
    """The tracks that a genre's search found first, as many as were wanted, with their movement.

    Ranked by popularity, those without one last; where none has one, by search position. Ties: the
    earlier search position first, then the smaller id. A rank is compared with the last one before
    it that has the same basis, market and number wanted. All rules: docs/catalog.md.
    """

    previous_rank: pl.Int32 = c.previous_rank()
    previous_date: pl.Date = c.previous_date()
    movement: pl.Int32 = c.movement()
    status: str = c.ranking_status()


class TopArtists(
    RankedArtists,
    table="rankings.top_artists",
    grain="one rank of a genre-day",
    key=("genre", "date", "rank"),
    stage=Stage.PUBLISHED,
):
    """The artists that a genre's search found first, with their movement; rules as for tracks."""

    previous_rank: pl.Int32 = c.previous_rank()
    previous_date: pl.Date = c.previous_date()
    movement: pl.Int32 = c.movement()
    status: str = c.ranking_status()


class Departures(
    Contract,
    table="rankings.departures",
    grain="one absence of a track or artist from the rankings of a genre",
    key=("genre", "date", "kind", "id"),
    stage=Stage.DERIVED,
):
    """Those that were ranked in a genre and then are not, and why: one row however long they stay.

    A day decides if it could have ranked it: `left`, the search does not show it; `fell_below`, the
    search shows it deeper than what was ranked. Where no day decides yet, the row says of the first
    day without it: `not_reached`, it had stood deeper than was ranked or asked that day;
    `quarantined`, its row was set aside; `other_market`; `no_results`, the answer was empty;
    `not_asked`. By which basis a day ranks does not matter. All rules: docs/catalog.md.
    """

    genre: str = c.genre()
    date: pl.Date = c.column(
        description="First day (UTC) that decides; where none does, the first day without it."
    )
    kind: str = c.one_of(["artist", "track"], "What is missing.")
    id: str = c.spotify_id("artist or track")
    name: str = c.name("artist or track")
    basis: str = c.one_of(BASES, "Basis of the ranking it stood in.")
    last_rank: pl.Int32 = c.position("Rank when it was last ranked.")
    last_date: pl.Date = c.text("Day (UTC) on which it was last ranked.")
    reason: str = c.one_of(DEPARTURES, "What that day says of it.")
