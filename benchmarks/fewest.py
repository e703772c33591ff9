"""The fewest requests that a genre-day can be had with, counted from the catalog.

Belongs here: what follows from the positions that the sandbox serves. Does not belong here:
anything of the collector, which is held against this.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spotify_assets.lake import GenreDay
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.modes import ModeName
from spotify_assets.sandbox.search import Kind, Query, Search

PAGE: dict[ModeName, int] = {"extended": 50, "development": 10}
BATCH = 50
KINDS: tuple[Kind, ...] = ("artist", "track")
Positions = Sequence[int | None]
"""Rows of the catalog; the search also serves nulls and repeats."""


@dataclass(frozen=True)
class Fewest:
    """How many requests of each family it takes."""

    searches: int
    batches: int

    @property
    def requests(self) -> int:
        """Of both families."""
        return self.searches + self.batches


def fewest(
    catalog: Catalog, mode: ModeName, genre_day: GenreDay, artists: int, tracks: int
) -> Fewest:
    """The fewest requests for a genre-day, by one who knows every answer beforehand.

    A page can hold both kinds. In extended mode, who is credited on a track that came and was not
    found by the search is looked up, 50 at a time.
    """
    size, served = PAGE[mode], _positions(catalog, genre_day)
    for kind, wanted in _wanted(artists, tracks).items():
        served[kind] = served[kind][: _pages(served[kind], size, wanted) * size]
    searches = max(-(-len(positions) // size) for positions in served.values())
    if mode == "development":
        return Fewest(searches, 0)
    rows = _rows(served["track"])
    credited = {int(artist) for row in rows for artist in catalog.tracks.artists[row]}
    return Fewest(searches, -(-len(credited - _rows(served["artist"])) // BATCH))


def missed(
    catalog: Catalog,
    genre_day: GenreDay,
    artists: int,
    tracks: int,
    pages: Iterable[Mapping[str, str]],
) -> int:
    """How many artists and tracks the search would have shown, were wanted, and did not come.

    Args:
        catalog: What there is.
        genre_day: What was searched for.
        artists: How many were wanted.
        tracks: How many were wanted.
        pages: The parameters of each search that was answered.
    """
    served = _positions(catalog, genre_day)
    came: dict[str, set[int]] = {kind: set() for kind in served}
    for page in pages:
        start = int(page["offset"])
        for kind in KINDS:
            if kind in page["type"].split(","):
                came[kind] |= _rows(served[kind][start : start + int(page["limit"])])
    wanted = _wanted(artists, tracks)
    return sum(
        max(min(wanted[kind], len(_rows(served[kind]))) - len(came[kind]), 0) for kind in KINDS
    )


def _wanted(artists: int, tracks: int) -> dict[Kind, int]:
    return {"artist": artists, "track": tracks}


def _positions(catalog: Catalog, genre_day: GenreDay) -> dict[Kind, Positions]:
    """What the search shows of each kind, whatever the page."""
    search, query = Search(catalog), Query.parse(f'genre:"{genre_day.genre}"')
    return {kind: search.results(kind, query, genre_day.date).positions for kind in KINDS}


def _pages(positions: Positions, size: int, wanted: int) -> int:
    """The first pages that hold as many different rows as are wanted, or all that there are."""
    enough = min(wanted, len(_rows(positions)))
    return next(
        pages
        for pages in range(-(-len(positions) // size) + 1)
        if len(_rows(positions[: pages * size])) >= enough
    )


def _rows(positions: Positions) -> set[int]:
    return {row for row in positions if row is not None}
