"""A catalog out of a table of tracks, one row a track and playlist, as data sets have it.

What the table does not hold is derived from what it does, so that the same file gives the same
catalog. What does not belong here: invented catalogs (``catalog``).
"""

import re
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from spotify_assets.sandbox.columns import (
    AlbumKind,
    Albums,
    Artists,
    Catalog,
    Days,
    Precision,
    Ragged,
    Rows,
    Tracks,
    fold,
)
from spotify_assets.sandbox.draws import (
    ID_LENGTH,
    Floats,
    Ints,
    Keys,
    below,
    identifiers,
    keys_of,
    uniform,
)
from spotify_assets.sandbox.release_dates import drawn

REQUIRED = ("track_id", "track_name", "track_artist")
GENRE_COLUMNS = ("playlist_genre", "track_genre", "genre")
"""The first of these that is there holds the genre."""
_DATES = "track_album_release_date"
OPTIONAL = (
    "track_popularity",
    "track_album_id",
    "track_album_name",
    _DATES,
    "duration_ms",
    "explicit",
)

_ID = rf"^[0-9A-Za-z]{{{ID_LENGTH}}}$"
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
_PRECISIONS = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}
_NO_DATE = "0000"  # what Spotify itself says when it does not know
_MIN_TRACKS_OF_AN_ALBUM = 4


def read(path: Path) -> Catalog:
    """Read a catalog from a table of tracks.

    Args:
        path: A .csv, .csv.gz or .parquet file with the columns ``track_id`` (22 base-62
            characters), ``track_name``, ``track_artist`` and a genre (``playlist_genre``,
            ``track_genre`` or ``genre``). Taken if there: the columns in ``OPTIONAL``. A track in
            several rows belongs to the genre of each; for all else its first row counts. Text is
            taken as written, "NA" too.

    Raises:
        ValueError: The file cannot be read, lacks a column, holds no tracks or has a bad id.
    """
    rows = _rows(path)
    table = rows.unique("track_id", keep="first", maintain_order=True)
    ids = table["track_id"].to_list()
    keys = keys_of(ids)
    drawn_popularity = 100 * (1 - uniform(keys, "popularity") ** 0.25)
    popularity = np.clip(_numbers(table["track_popularity"], drawn_popularity), 0, 100)

    artist_names, artist = _numbered(table["track_artist"])
    albums, album = _albums(table, artist, popularity)
    genres, genre_lists = _genres(rows)
    tracks = Tracks(
        keys=keys,
        ids=ids,
        names=table["track_name"].to_list(),
        album=album.astype(np.int32),
        artists=Ragged.of_one_each(artist),
        genres=genre_lists,
        popularity=popularity,
        duration_ms=_numbers(
            table["duration_ms"], 120_000 + below(keys, "duration", 180_000)
        ).astype(np.int32),
        explicit=table["explicit"].str.to_lowercase().is_in(["true", "1"]).to_numpy(),
        disc=np.ones(len(ids), dtype=np.int16),
        number=_places(album).astype(np.int16),
    )
    return Catalog(genres, _artists(artist_names, artist, tracks), albums, tracks)


def followers_at(popularity: Floats, keys: Keys) -> NDArray[np.int64]:
    """Return followers that go with a popularity: about 10 at 0, some ten million at 100."""
    followers = 10 ** (1 + popularity / 16) * (0.5 + uniform(keys, "followers"))
    return followers.astype(np.int64)


def _rows(path: Path) -> pl.DataFrame:
    """Return the columns that count, as text; what is missing is the empty text.

    Where there is no column of release dates, it is null.
    """
    frame = _frame(path)
    genre = next((name for name in GENRE_COLUMNS if name in frame.columns), None)
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing or genre is None:
        missing += [] if genre else [" or ".join(GENRE_COLUMNS)]
        raise ValueError(
            f"{path} is no table of tracks: it lacks {', '.join(missing)}. Expected are "
            f"{', '.join(REQUIRED)} and one of {', '.join(GENRE_COLUMNS)}."
        )
    present = [pl.col(name) for name in (*REQUIRED, *OPTIONAL) if name in frame.columns]
    absent = [pl.lit("").alias(name) for name in OPTIONAL if name not in frame.columns]
    rows = frame.select(*present, *absent, pl.col(genre).alias("genre"))
    rows = rows.cast(pl.String).fill_null("")
    if _DATES not in frame.columns:
        rows = rows.with_columns(pl.lit(None, pl.String).alias(_DATES))
    if rows.is_empty():
        raise ValueError(f"{path} holds no tracks.")
    for name, pattern in (("track_id", _ID), ("track_album_id", f"{_ID}|^$")):
        bad = rows.filter(~pl.col(name).str.contains(pattern))
        if not bad.is_empty():
            raise ValueError(
                f"{path}: the {name} {bad[name][0]!r} is no id; expected are {ID_LENGTH} letters "
                "and digits."
            )
    return rows


def _frame(path: Path) -> pl.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        # Every column as text: "NA" and ids of digits only stay what they are.
        return pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ValueError(
            f"{path} cannot be read as a table of tracks ({error}). Expected is a .csv, .csv.gz or "
            f".parquet file with {', '.join(REQUIRED)} and one of {', '.join(GENRE_COLUMNS)}."
        ) from error


def _genres(rows: pl.DataFrame) -> tuple[tuple[str, ...], Ragged]:
    """Return the genres as first written, and those of each track."""
    written: dict[str, str] = {}
    for name in rows["genre"].unique(maintain_order=True):
        written.setdefault(fold(name), name)
    position = {folded: place for place, folded in enumerate(written)}
    genre = np.array([position[fold(name)] for name in rows["genre"]])
    ids, track = _numbered(rows["track_id"])
    return tuple(written.values()), _sets(track, genre, len(ids))


def _artists(names: list[str], artist_of_track: Rows, tracks: Tracks) -> Artists:
    keys = keys_of(names)
    popularity = _largest(artist_of_track, tracks.popularity, len(names))
    owners = np.repeat(artist_of_track, tracks.genres.lengths)
    return Artists(
        keys=keys,
        ids=identifiers(keys),
        names=names,
        popularity=popularity,
        followers=followers_at(popularity, keys),
        genres=_sets(owners, tracks.genres.values, len(names)),
        shows_genres=np.ones(len(names), dtype=np.bool_),
    )


def _albums(table: pl.DataFrame, artist: Rows, popularity: Floats) -> tuple[Albums, Rows]:
    """Return the albums, and the album of each track.

    An album without an id is known by its artist and name; a track without an album is a single.
    """
    name = (
        pl.when(pl.col("track_album_name") != "").then("track_album_name").otherwise("track_name")
    )
    by_name = pl.concat_str("track_artist", pl.lit("\n"), name)
    known_by = pl.when(pl.col("track_album_id") != "").then("track_album_id").otherwise(by_name)
    table = table.with_columns(name.alias("album_name"), known_by.alias("album"))
    labels, album = _numbered(table["album"])
    first = table[np.unique(album, return_index=True)[1]]
    first_artist = artist[np.unique(album, return_index=True)[1]]
    keys = keys_of(labels)
    given_ids = first["track_album_id"].to_list()
    released, precision = _release_dates(first[_DATES], keys)
    artists = _sets(album, artist, len(labels)).lengths
    kind = np.select(
        [artists > 1, np.bincount(album) >= _MIN_TRACKS_OF_AN_ALBUM],
        [AlbumKind.COMPILATION, AlbumKind.ALBUM],
        AlbumKind.SINGLE,
    )
    albums = Albums(
        keys=keys,
        ids=[given or own for given, own in zip(given_ids, identifiers(keys), strict=True)],
        names=first["album_name"].to_list(),
        artist=first_artist.astype(np.int32),
        kind=kind.astype(np.int8),
        released=released,
        precision=precision,
        popularity=_largest(album, popularity, len(labels)),
    )
    return albums, album


def _release_dates(texts: pl.Series, keys: Keys) -> tuple[Days, NDArray[np.int8]]:
    """As they are given; where the table has no such column, drawn as popularity is."""
    if texts.is_null().all():
        return drawn(keys, no_date_share=0)
    dates = [_release_date(text) for text in texts]
    released = np.array([day for day, _ in dates], dtype="datetime64[D]")
    return released, np.array([precision for _, precision in dates], dtype=np.int8)


def _release_date(text: str) -> tuple[np.datetime64, Precision]:
    try:
        # The pattern first: numpy would take "NaT", "today" and times of day.
        if _DATE.fullmatch(text):
            return np.datetime64(text, "D"), _PRECISIONS[len(text)]
    except ValueError:  # a day that no calendar has
        pass
    return np.datetime64(_NO_DATE, "D"), Precision.YEAR


def _numbered(texts: pl.Series) -> tuple[list[str], Rows]:
    """Return the distinct texts in order of appearance, and each row's place among them."""
    places: dict[str, int] = {}
    rows = np.array([places.setdefault(text, len(places)) for text in texts], dtype=np.int64)
    return list(places), rows


def _sets(owners: Rows, values: Ints, size: int) -> Ragged:
    """For each of ``size`` owners, list the distinct values that stand beside it."""
    width = int(values.max()) + 1
    owner, value = np.divmod(np.unique(owners * width + values), width)
    return Ragged.of_lengths(np.bincount(owner, minlength=size), value)


def _largest(owners: Rows, values: Floats, size: int) -> Floats:
    largest = np.zeros(size)
    np.maximum.at(largest, owners, values)
    return largest


def _places(album: Rows) -> Rows:
    """Number the tracks of each album from 1, in the order of the rows."""
    sizes = np.bincount(album)
    within = np.arange(len(album)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.empty_like(album)
    places[np.argsort(album, kind="stable")] = within + 1
    return places


def _numbers(texts: pl.Series, otherwise: Floats | Rows) -> Floats:
    """Return a column of text as numbers, with another value where a text is no number."""
    numbers = texts.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    return np.where(np.isfinite(numbers), numbers, otherwise)
