"""Processed tables → rankings, as Ibis expressions: one definition for every engine.

Each expression is per genre and date, so it may run over one partition or over all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotify_assets.schemas.catalog import processed, rankings
from spotify_assets.transforms.lazily import Lazily
from spotify_assets.transforms.relations import conform, makes, relation

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir
else:
    ibis = Lazily("ibis")

GENRE_DAY = ("genre", "date")


@makes(
    rankings.RankedTracks,
    of=(
        processed.Extracts,
        processed.SearchResults,
        processed.Tracks,
        processed.TrackArtists,
        processed.Artists,
    ),
)
def ranked_tracks() -> ir.Table:
    """Rows of `rankings.RankedTracks`. Grain: one rank of a genre-day."""
    tracks = relation(processed.Tracks)
    found = tracks.join(
        first_positions("track"),
        [*GENRE_DAY, tracks.track_id == first_positions("track").id],
    )
    named = found.left_join(_artist_names(), [*GENRE_DAY, "track_id"]).drop(
        "genre_right", "date_right", "track_id_right"
    )
    no_names = ibis.literal([], type="array<string>")
    ranked = _rank(named, "track").mutate(artist_names=ibis._.artist_names.fill_null(no_names))
    return conform(ranked, rankings.RankedTracks)


@makes(
    rankings.RankedArtists,
    of=(processed.Extracts, processed.SearchResults, processed.Artists),
)
def ranked_artists() -> ir.Table:
    """Rows of `rankings.RankedArtists`. Grain: one rank of a genre-day."""
    artists = relation(processed.Artists)
    found = artists.join(
        first_positions("artist"),
        [*GENRE_DAY, artists.artist_id == first_positions("artist").id],
    )
    return conform(_rank(found, "artist"), rankings.RankedArtists)


def first_positions(kind: str) -> ir.Table:
    """Where the search showed an id first. Grain: one id of a kind of a genre-day."""
    results = relation(processed.SearchResults)
    return (
        results.filter(results.kind == kind)
        .group_by(*GENRE_DAY, "id")
        .agg(search_position=ibis._.position.min())
    )


def _artist_names() -> ir.Table:
    """Grain: one track of a genre-day."""
    credited, artists = relation(processed.TrackArtists), relation(processed.Artists)
    return (
        credited.join(artists.select(*GENRE_DAY, "artist_id", "name"), [*GENRE_DAY, "artist_id"])
        .group_by(*GENRE_DAY, "track_id")
        .agg(artist_names=ibis._.name.collect(order_by=ibis._.position))
    )


def _rank(found: ir.Table, kind: str) -> ir.Table:
    """Rank the first so many that were wanted: a page can bring more, on one day and not the next.

    Popularity ranks if any of these has one, else the search position. Ties: the earlier search
    position first, then the smaller id.
    """
    key = f"{kind}_id"
    wanted = relation(processed.Extracts).select(*GENRE_DAY, wanted=f"{kind}s_wanted")
    place = ibis.row_number().over(
        group_by=GENRE_DAY, order_by=[ibis.asc("search_position"), ibis.asc(key)]
    )
    first = found.mutate(place=place).join(wanted, GENRE_DAY).filter(ibis._.place < ibis._.wanted)
    has_popularity = first.popularity.notnull().any().over(group_by=GENRE_DAY)
    based = first.mutate(
        basis=has_popularity.ifelse("popularity", "search_position"),
        score=has_popularity.ifelse(first.popularity, first.search_position),
    )
    order = [
        ibis.desc(based.popularity, nulls_first=False),
        ibis.asc(based.search_position),
        ibis.asc(based[key]),
    ]
    rank = ibis.row_number().over(group_by=GENRE_DAY, order_by=order) + 1
    return based.mutate(rank=rank)
