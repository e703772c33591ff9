"""The shape of a catalog: tables of columns, and the indexes over them.

A row is a number; there is no object per track, because a catalog can have a million of them.
What does not belong here: how a catalog comes about (``catalog``, ``track_table``) and how it
looks from outside (``objects``).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spotify_assets.sandbox.draws import Floats, Ints, Keys

Rows = NDArray[np.int64]
Days = NDArray[np.datetime64]


def fold(text: str) -> str:
    """Return the form in which names are compared: Unicode NFC, casefolded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


class AlbumKind(IntEnum):
    """The values of ``album_type``."""

    ALBUM = 0
    SINGLE = 1
    COMPILATION = 2


class Precision(IntEnum):
    """The values of ``release_date_precision``."""

    DAY = 0
    MONTH = 1
    YEAR = 2


@dataclass(frozen=True, eq=False)
class Ragged:
    """For each row a list of row numbers (of another table), of any length.

    The list of row ``r`` is ``values[starts[r] : starts[r + 1]]``.
    """

    starts: NDArray[np.int64]
    values: NDArray[np.int32]

    @classmethod
    def of_lengths(cls, lengths: Ints, values: Ints) -> "Ragged":
        """Cut a flat array of values into lists of the given lengths."""
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        return cls(starts, values.astype(np.int32))

    @classmethod
    def of_one_each(cls, values: Ints) -> "Ragged":
        """Make lists of one value each."""
        return cls.of_lengths(np.ones(len(values), dtype=np.int64), values)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The length of each list."""
        return np.diff(self.starts)

    def lengths_of(self, rows: Rows) -> NDArray[np.int64]:
        """The length of the lists of the given rows."""
        return self.starts[rows + 1] - self.starts[rows]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> NDArray[np.int32]:
        return self.values[self.starts[row] : self.starts[row + 1]]

    def take(self, rows: Rows) -> "Ragged":
        """Return the lists of the given rows only, in that order."""
        lengths = self.lengths_of(rows)
        ends = np.cumsum(lengths)
        within = np.arange(lengths.sum()) - np.repeat(ends - lengths, lengths)
        return Ragged.of_lengths(
            lengths, self.values[np.repeat(self.starts[rows], lengths) + within]
        )

    def inverted(self, size: int) -> "Ragged":
        """For each of ``size`` values, list the rows that hold it, in ascending order."""
        owners = np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)
        lengths = np.bincount(self.values, minlength=size)
        return Ragged.of_lengths(lengths, owners[np.argsort(self.values, kind="stable")])


class _Table:
    """Columns of equal length, which nobody can write to."""

    keys: Keys
    ids: Sequence[str]

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]  # each subclass is a dataclass
            column = getattr(self, field.name)
            if isinstance(column, np.ndarray):
                column.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row number by id."""
        return {name: row for row, name in enumerate(self.ids)}


@dataclass(frozen=True, eq=False)
class Artists(_Table):
    """One row an artist.

    ``popularity`` is the level around which the day's value moves, 0 to 100. ``followers`` are
    those of 1 January 2020. ``genres`` are the ones search knows; only where ``shows_genres`` is
    true does the artist's own object list them (Spotify leaves many lists empty).
    """

    keys: Keys
    ids: Sequence[str]
    names: Sequence[str]
    popularity: Floats
    followers: NDArray[np.int64]
    genres: Ragged
    shows_genres: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Albums(_Table):
    """One row an album.

    ``released`` is the first day that the precision allows for; the literal release date "0000",
    which Spotify has, is the year 0 with precision ``YEAR``.
    """

    keys: Keys
    ids: Sequence[str]
    names: Sequence[str]
    artist: NDArray[np.int32]
    kind: NDArray[np.int8]
    released: Days
    precision: NDArray[np.int8]
    popularity: Floats

    @cached_property
    def year(self) -> NDArray[np.int64]:
        """Year of release."""
        return self.released.astype("datetime64[Y]").astype(np.int64) + 1970


@dataclass(frozen=True, eq=False)
class Tracks(_Table):
    """One row a track. ``artists`` has the primary artist first."""

    keys: Keys
    ids: Sequence[str]
    names: Sequence[str]
    album: NDArray[np.int32]
    artists: Ragged
    genres: Ragged
    popularity: Floats
    duration_ms: NDArray[np.int32]
    explicit: NDArray[np.bool_]
    disc: NDArray[np.int16]
    number: NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Catalog:
    """Artists, albums and tracks, with the indexes that search and lookups need.

    ``genres`` are names as written; ``Artists.genres`` and ``Tracks.genres`` are positions in it.
    """

    genres: tuple[str, ...]
    artists: Artists
    albums: Albums
    tracks: Tracks

    @cached_property
    def genre_of(self) -> dict[str, int]:
        """Position of a genre by its folded name."""
        return {fold(name): position for position, name in enumerate(self.genres)}

    @cached_property
    def genre_tracks(self) -> Ragged:
        """Tracks of each genre."""
        return self.tracks.genres.inverted(len(self.genres))

    @cached_property
    def genre_artists(self) -> Ragged:
        """Artists of each genre."""
        return self.artists.genres.inverted(len(self.genres))

    @cached_property
    def artist_tracks(self) -> Ragged:
        """Tracks on which each artist plays."""
        return self.tracks.artists.inverted(len(self.artists))

    @cached_property
    def artist_albums(self) -> Ragged:
        """Albums that are each artist's own."""
        return Ragged.of_one_each(self.albums.artist).inverted(len(self.artists))

    @cached_property
    def album_tracks(self) -> Ragged:
        """Tracks of each album, in their order on it."""
        return Ragged.of_one_each(self.tracks.album).inverted(len(self.albums))
