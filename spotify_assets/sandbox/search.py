"""Search: a query read, and the positions that it leads to on a day.

What does not belong here: the request around the query (``endpoints``) and the look of the items
(``objects``).
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Literal

import numpy as np

from spotify_assets.sandbox import drift
from spotify_assets.sandbox.columns import Catalog, Rows, fold
from spotify_assets.sandbox.draws import Ints, below, keys_for, uniform

Kind = Literal["track", "artist", "album"]

WINDOW = 1000
"""``offset + limit`` may not go beyond it."""

_FILTERS: dict[Kind, frozenset[str]] = {
    "track": frozenset({"genre", "artist", "album", "track", "year"}),
    "artist": frozenset({"genre", "artist", "year"}),
    "album": frozenset({"artist", "album", "year", "tag"}),
}
_TERM = re.compile(
    r"""
    (?P<filter>genre|artist|album|track|year|tag):(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>\S*))
    | "(?P<phrase>(?:[^"\\]|\\.)*)"
    | (?P<word>\S+)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?", re.ASCII)

# How often, for the traps that the real API has.
_NULL_SHARE, _REPEAT_SHARE = 1 / 300, 1 / 200
_REPEATS_WITHIN = 5
_TOTAL_OFF_BY = 0.03
_ENDLESS_SHARE = 1 / 8

_DAYS_NEW = 14
_RESULTS_KEPT = 512  # at most 1,000 positions each: some megabytes


@dataclass(frozen=True)
class Query:
    """A search query. All texts are folded; of a filter given twice the last one counts."""

    filters: tuple[tuple[str, str], ...]
    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read a query; there is no wrong one, what is no filter is a word."""
        filters: dict[str, str] = {}
        words: list[str] = []
        for term in _TERM.finditer(text):
            if term["filter"]:
                value = term["bare"] if term["quoted"] is None else _unescaped(term["quoted"])
                filters[term["filter"].lower()] = fold(value)
            else:
                words.append(fold(term["word"] or _unescaped(term["phrase"])))
        return cls(tuple(filters.items()), tuple(words))


@dataclass(frozen=True)
class Results:
    """What a search shows, whatever the page.

    ``positions`` are rows, at most ``WINDOW``; None is a null item. ``total`` is an estimate.
    ``is_endless`` says that even an empty page has a ``next``.
    """

    positions: tuple[int | None, ...]
    total: int
    is_endless: bool


class Search:
    """Searches one catalog; it keeps the latest results, because clients ask page by page."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.results = lru_cache(maxsize=_RESULTS_KEPT)(self._results)

    def _results(self, kind: Kind, query: Query, day: dt.date) -> Results:
        found = self._found(kind, query, day)
        if not len(found):
            return Results((), 0, is_endless=False)
        scores = drift.search_scores(self._table(kind), found, day)
        best = np.argsort(-scores, kind="stable")[:WINDOW]
        rows = found[best].tolist()
        luck = f"{kind} {query} {day}"
        off, endless = uniform(keys_for(luck, 2), "total and next").tolist()
        total = round(len(found) * (1 + _TOTAL_OFF_BY * (2 * off - 1)))
        positions = rows if kind == "album" else _with_traps(rows, luck)
        return Results(tuple(positions), total, is_endless=endless < _ENDLESS_SHARE)

    def _table(self, kind: Kind) -> drift.Table:
        catalog = self._catalog
        match kind:
            case "track":
                return catalog.tracks
            case "artist":
                return catalog.artists
            case "album":
                return catalog.albums

    def _found(self, kind: Kind, query: Query, day: dt.date) -> Rows:
        """Return the rows that match."""
        # A filter that the kind does not know leaves nothing: genre on albums, for one.
        if not _FILTERS[kind].issuperset(name for name, _ in query.filters):
            return np.arange(0)
        passing = [self._passing(kind, name, value, day) for name, value in query.filters]
        rows = reduce(np.intersect1d, passing) if passing else self._all(kind)
        return self._containing(kind, query.words, rows.astype(np.int64), day)

    def _passing(self, kind: Kind, name: str, value: str, day: dt.date) -> Ints:
        match name:
            case "genre":
                return self._of_genre(kind, value)
            case "artist":
                return self._by(kind, self._containing("artist", [value], self._all("artist"), day))
            case "track":
                return self._containing("track", [value], self._all("track"), day)
            case "album":
                return self._on(kind, self._containing("album", [value], self._all("album"), day))
            case "year":
                return self._on(kind, self._released_in(value))
            case _:
                return self._on(kind, self._tagged(value, day))

    def _all(self, kind: Kind) -> Rows:
        return np.arange(len(self._table(kind)))

    def _of_genre(self, kind: Kind, genre: str) -> Ints:
        position = self._catalog.genre_of.get(genre)
        if position is None:
            return np.arange(0)
        if kind == "artist":
            return self._catalog.genre_artists[position]
        return self._catalog.genre_tracks[position]

    def _by(self, kind: Kind, artists: Rows) -> Ints:
        """Return what is by one of the artists."""
        match kind:
            case "track":
                return np.unique(self._catalog.artist_tracks.take(artists).values)
            case "artist":
                return artists
            case "album":
                return np.unique(self._catalog.artist_albums.take(artists).values)

    def _on(self, kind: Kind, albums: Rows) -> Ints:
        """Return what is on one of the albums, or made one of them."""
        match kind:
            case "track":
                return np.unique(self._catalog.album_tracks.take(albums).values)
            case "artist":
                return np.unique(self._catalog.albums.artist[albums])
            case "album":
                return albums

    def _released_in(self, years: str) -> Rows:
        span = _YEARS.fullmatch(years)
        if span is None:
            return np.arange(0)
        first, last = int(span[1]), int(span[2] or span[1])
        year = self._catalog.albums.year
        return np.flatnonzero((first <= year) & (year <= last))

    def _tagged(self, tag: str, day: dt.date) -> Rows:
        if tag != "new":
            return np.arange(0)
        today = np.datetime64(day, "D")
        released = self._catalog.albums.released
        return np.flatnonzero((released > today - _DAYS_NEW) & (released <= today))

    def _containing(self, kind: Kind, texts: Iterable[str], rows: Rows, day: dt.date) -> Rows:
        """Return those rows whose name of the day contains all of the texts."""
        texts = tuple(texts)
        if not texts:
            return rows
        names = self._names(kind, rows, day)
        hits = [all(text in name for text in texts) for name in map(fold, names)]
        return rows[np.array(hits, dtype=np.bool_)]

    def _names(self, kind: Kind, rows: Rows, day: dt.date) -> list[str]:
        match kind:
            case "track":
                return drift.track_names(self._catalog.tracks, rows, day)
            case "artist":
                return drift.artist_names(self._catalog.artists, rows, day)
            case "album":
                return [self._catalog.albums.names[row] for row in rows.tolist()]


def _with_traps(rows: list[int], luck: str) -> list[int | None]:
    """Weave null items and repeats of earlier items into the results."""
    keys = keys_for(luck, WINDOW)
    lots = uniform(keys, "null or repeat").tolist()
    distances = (1 + below(keys, "distance", _REPEATS_WITHIN)).tolist()
    upcoming = iter(rows)
    positions: list[int | None] = []
    for lot, distance in zip(lots, distances, strict=True):
        if lot < _NULL_SHARE:
            positions.append(None)
        elif lot < _NULL_SHARE + _REPEAT_SHARE and distance <= len(positions):
            positions.append(positions[-distance])
        elif (row := next(upcoming, None)) is not None:
            positions.append(row)
        else:
            break
    return positions


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
