"""Tables of genre-days: their rows are in Parquet files, and the log says in which.

A file is written once and never changed. Its key says for people what is in it, and is of one write
alone. Rows that are as they were keep their file.

The steps of a run prepare the tables of a day one after the other (`Draft`); the last makes them
hold together. So nobody reads half a genre-day, on whichever machine.

Belongs here: writing and reading rows. Does not belong here: what they mean, and months, old
versions and purges (``upkeep``).
"""

import datetime as dt
import hashlib
import io
import logging
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from spotify_assets.lake.errors import REMAKE_DAY, DamagedFile, LakeError
from spotify_assets.lake.files import read_rows
from spotify_assets.lake.layout import (
    DAY_FOLDER,
    MONTH_FOLDER,
    GenreDay,
    Lake,
    genre_folder,
)
from spotify_assets.lake.log import Change, Day, Draft, Origin, State, TableFile
from spotify_assets.lake.migration import IMPORTED
from spotify_assets.lake.revisions import compared, note
from spotify_assets.lake.store import at_once
from spotify_assets.storage.errors import FailureKind
from spotify_assets.storage.renamed import COLUMNS, current

log = logging.getLogger(__name__)
GRACE = dt.timedelta(days=1)
"""How long a file stays that nothing names: so long a reader has, and a writer half as long."""
DAY = re.compile(rf"{DAY_FOLDER}\d{{4}}-\d\d-\d\d")
Tables = Mapping[str, pl.DataFrame]
"""Rows of a genre-day, by table (`layer.table`)."""
Hashes = Mapping[dt.date, Mapping[str, str]]


def by_genre_day(
    tables: Tables, days: Iterable[GenreDay]
) -> dict[str, dict[dt.date, dict[str, pl.DataFrame]]]:
    """Rows of genre-days apart: by genre, day and table; also of days that have none."""
    found: dict[str, dict[dt.date, dict[str, pl.DataFrame]]] = {}
    for day in days:
        found.setdefault(day.genre, {})[day.date] = {}
    for table, frame in tables.items():
        parts = frame.partition_by("genre", "date", as_dict=True)
        for genre, of_genre in found.items():
            for date, of_day in of_genre.items():
                of_day[table] = parts.get((genre, date), frame.clear())
    return found


class Overtaken(LakeError):
    """What rows were made from was changed by another run; they were not written."""

    kind = FailureKind.RETRY


@dataclass(frozen=True)
class Encoded:
    """Rows as the bytes of a Parquet file."""

    frame: pl.DataFrame
    data: bytes

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Encoded":
        """Encode them; the same rows are the same bytes."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", compression_level=1)
        return cls(frame, buffer.getvalue())

    @property
    def hash(self) -> str:
        """Of the bytes."""
        return hashlib.sha256(self.data).hexdigest()[:24]

    def put(self, lake: Lake, table: str, genre: str, folder: str) -> TableFile:
        """Write them to a new file in ``…/genre=<g>/<folder>/``.

        Raises:
            LakeError: The store fails.
        """
        layer, _, name = table.partition(".")
        unique = f"{self.hash[:12]}-{uuid.uuid4().hex[:8]}"
        key = f"{layer}/{name}/{genre_folder(genre)}/{folder}/{unique}.parquet"
        lake.log.store.create(key, self.data)
        if lake.remote:
            # The next step of the run reads it.
            lake.cache(key, self.data)
        return TableFile(key, self.hash, self.frame.height, len(self.data))


def is_shared(key: str) -> bool:
    """Whether the rows of other days of its month are in a file too."""
    return f"/{MONTH_FOLDER}" in key


def write_days(
    lake: Lake,
    genre: str,
    days: Mapping[dt.date, Tables],
    origin: Origin,
    *,
    awaits: Collection[str] = (),
    made_from: Hashes | None = None,
) -> State:
    """Make frames the rows of tables of a genre's days, all at once.

    Args:
        lake: Where they lie.
        genre: The genre.
        days: Its days, with the tables that are written of each.
        origin: Who writes, and by which code.
        awaits: Tables that later steps make of these. Until they are there, nobody sees any.
        made_from: Hashes of the tables that these were made from, as `inputs` says them.

    Returns:
        What holds of the genre then. Where nothing changed, nothing is written.

    Raises:
        Overtaken: What they were made from is not what is there any more.
        LakeError: The store fails; what held before still does, or all of this holds.
    """
    begun_at = dt.datetime.now(dt.UTC)
    encoded = {
        (date, table): Encoded.of(frame)
        for date, tables in days.items()
        for table, frame in tables.items()
    }
    writer = _Writer(lake, genre, origin.code_version, encoded)

    def change(state: State) -> Change:
        if dt.datetime.now(dt.UTC) - begun_at > GRACE / 2:
            raise LakeError(
                f"The rows of {genre} were written so long ago that their files may be gone. "
                "Run again."
            )
        _check_inputs(state, made_from or {})
        files = writer.files(state)
        return {
            date: _with(
                state.days.get(date, Day()),
                {table: files[date, table] for table in tables},
                frozenset(awaits),
            )
            for date, tables in days.items()
        }

    return lake.log.commit(genre, change, replace(origin, source=lake.source))


def _check_inputs(state: State, made_from: Hashes) -> None:
    for date, hashes in made_from.items():
        now = state.days.get(date, Day()).latest()
        if any(table not in now or now[table].hash != one for table, one in hashes.items()):
            raise Overtaken(
                f"{GenreDay(state.genre, date)} was changed by another run meanwhile. Run again."
            )


def _with(day: Day, tables: Mapping[str, TableFile], awaits: frozenset[str]) -> Day:
    """A day after some of its tables were written."""
    if awaits:
        is_same = all(day.tables.get(table) == file for table, file in tables.items())
        if is_same and awaits <= day.tables.keys():
            return Day(day.tables)
        drafted = day.draft
        if drafted and drafted.awaits == awaits and drafted.tables == tables:
            return day
        return Day(day.tables, Draft(dt.datetime.now(dt.UTC), tables, awaits))
    if not day.draft:
        return Day({**day.tables, **tables})
    drafted_tables = {**day.draft.tables, **tables}
    if left := day.draft.awaits - tables.keys():
        return Day(day.tables, Draft(day.draft.begun_at, drafted_tables, left))
    return Day({**day.tables, **drafted_tables})


class _Writer:
    """Puts rows into files, each once, however often a commit has to be tried."""

    def __init__(
        self,
        lake: Lake,
        genre: str,
        code_version: str,
        encoded: Mapping[tuple[dt.date, str], Encoded],
    ) -> None:
        self._lake, self._genre, self._code_version = lake, genre, code_version
        self._encoded = encoded
        self._put: dict[tuple[dt.date, str], TableFile] = {}

    def files(self, state: State) -> dict[tuple[dt.date, str], TableFile]:
        """The file of each table: one that is there with the same rows, or a new one."""
        kept = {
            one: file
            for one in self._encoded.keys() - self._put.keys()
            if (file := self._held(state.days.get(one[0], Day()), *one))
        }
        new = sorted(self._encoded.keys() - self._put.keys() - kept.keys())
        self._put.update(zip(new, at_once(lambda one: self._write(*one), new), strict=True))
        for date, table in new:
            if table in (held := state.days.get(date, Day()).tables):
                self._put[date, table] = self._revising(held[table], date, table)
        return {**kept, **self._put}

    def _held(self, day: Day, date: dt.date, table: str) -> TableFile | None:
        held = [tables[table] for tables in (day.latest(), day.tables) if table in tables]
        made = self._encoded[date, table]
        return next((file for file in held if _holds(self._lake, file, date, made)), None)

    def _write(self, date: dt.date, table: str) -> TableFile:
        folder = f"{DAY_FOLDER}{date}"
        return self._encoded[date, table].put(self._lake, table, self._genre, folder)

    def _revising(self, old: TableFile, date: dt.date, table: str) -> TableFile:
        """The file of a table, with what its rows change; that is noted first."""
        rows, new = self._encoded[date, table].frame, self._put[date, table]
        try:
            before = read_file(self._lake, old, date)
        except DamagedFile:
            log.warning("%s was damaged: its rows are made again.", self._lake.path(old.key))
            before = rows.clear()
        revised, day = compared(before, rows), GenreDay(self._genre, date)
        note(self._lake, table, day, rows.height, revised, self._code_version)
        return new._replace(revised=revised)


def _holds(lake: Lake, file: TableFile, date: dt.date, made: Encoded) -> bool:
    """Whether a file still holds these rows: its bytes are looked at, as it may be damaged.

    The hash of a file of an earlier version is of no bytes; there they alone say.
    """
    if file.hash != made.hash and not file.hash.startswith(IMPORTED):
        return False
    try:
        if is_shared(file.key):
            return read_file(lake, file, date).equals(made.frame)
        return lake.log.store.get(file.key) == made.data
    except (DamagedFile, FileNotFoundError):
        return False


def read_file(lake: Lake, file: TableFile, date: dt.date) -> pl.DataFrame:
    """The rows of a day in the file that the log names.

    Raises:
        DamagedFile: It cannot be read, or is not there.
    """
    [path] = lake.fetched([file.key])
    try:
        rows = read_rows(path, REMAKE_DAY)
    except FileNotFoundError as error:
        raise DamagedFile(path, "written", REMAKE_DAY) from error
    layer, name, *_ = file.key.split("/")
    rows = rows.rename(COLUMNS.get(current(f"{layer}.{name}"), {}), strict=False)
    return rows.filter(pl.col("date") == date) if is_shared(file.key) else rows


def read_partition(
    lake: Lake, table: str, genre_day: GenreDay, *, prepared: bool = False
) -> pl.DataFrame:
    """The rows of a partition.

    Args:
        lake: Where they lie.
        table: As `layer.table`.
        genre_day: Which.
        prepared: Rather those that a run has prepared, where there are any.

    Raises:
        FileNotFoundError: It is not there.
        DamagedFile: Its file cannot be read.
    """
    file = held_file(lake, table, genre_day, prepared=prepared)
    if file is None:
        raise FileNotFoundError(f"The lake has no {table} of {genre_day}.")
    return read_file(lake, file, genre_day.date)


def held_file(
    lake: Lake, table: str, genre_day: GenreDay, *, prepared: bool = False
) -> TableFile | None:
    """The file that holds a partition; ``None`` where there is none."""
    day = lake.log.state(genre_day.genre).days.get(genre_day.date, Day())
    return (day.latest() if prepared else day.tables).get(table)


def under_way(lake: Lake, genre_day: GenreDay) -> Draft | None:
    """What a run has prepared of a genre-day, or has left there; ``None`` if nothing."""
    return lake.log.state(genre_day.genre).days.get(genre_day.date, Day()).draft


def genres(lake: Lake) -> list[str]:
    """The genres of which there are tables or responses."""
    folders = lake.log.store.folders("raw/catalog")
    collected = {unquote(name.removeprefix("genre=")) for name in folders if "genre=" in name}
    return sorted(collected.union(lake.log.genres()))


def first_date(lake: Lake) -> dt.date | None:
    """The first day of which the lake holds responses, of a genre or of a poll; else ``None``."""
    store = lake.log.store
    tables = [f"raw/{name}" for name in store.folders("raw")]
    genres = [f"{table}/{name}" for table in tables for name in store.folders(table)]
    names = {name for folder in (*tables, *genres) for name in store.folders(folder)}
    # A folder that somebody renamed is told where it is read.
    first = min((name for name in names if DAY.fullmatch(name)), default=None)
    return dt.date.fromisoformat(first.removeprefix(DAY_FOLDER)) if first else None


def partitions(lake: Lake, table: str) -> Iterator[tuple[GenreDay, Path]]:
    """Each partition of ``layer.table`` that is there, with the file that holds it, in order."""
    yield from sorted(
        (GenreDay(genre, date), lake.path(day.tables[table].key))
        for genre in lake.log.genres()
        for date, day in lake.log.state(genre).days.items()
        if table in day.tables
    )


def last_date(lake: Lake, table: str, genre: str) -> dt.date | None:
    """The last day of which ``layer.table`` has a partition of a genre; ``None``: it has none."""
    days = lake.log.state(genre).days
    return max((date for date, day in days.items() if table in day.tables), default=None)
