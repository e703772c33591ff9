"""Retention: what the API said that has to leave the lake, and its deletion.

Belongs here: which files of which genre-days and days of polls are due by a rule, and in which
order they go. Does not belong here: when to purge and whom to ask, the DuckDB file that is made
from the lake, and exports, which are the listener's own and stay.
"""

import datetime as dt
import fcntl
import io
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from spotify_assets.lake import upkeep
from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.layout import (
    DAY_FOLDER,
    MONTH_FOLDER,
    RAW_CATALOG,
    SCRATCH_SECONDS,
    GenreDay,
    Lake,
)
from spotify_assets.lake.log import Day, TableFile
from spotify_assets.lake.polls import day_of
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.responses import LINES
from spotify_assets.lake.store import Store
from spotify_assets.lake.tables import is_shared, read_partition, under_way
from spotify_assets.storage.errors import FailureKind

RAW_LAYER = RAW_CATALOG.partition(".")[0]
EXTRACTS = "processed.extracts"
"""The table that says from which sealed file the rows of a genre-day were made."""
PLAYS = "(plays)"
"""Stands for the genre of polls, which have none."""
Part = GenreDay | dt.date
"""A genre-day; or the day (UTC) of polls of what was played, however old the plays are."""
NUMBERED = re.compile(r"(\d{4})\.(.+)")
JOURNAL = "journal.jsonl"
MAX_PAUSE = dt.timedelta(minutes=10)
"""Between two responses of a collection that is under way."""
LISTING = pl.Schema(
    {
        "genre": pl.String(),
        "date": pl.Date(),
        "layer": pl.String(),
        "file": pl.String(),
        "bytes": pl.Int64(),
        "rows": pl.Int64(),
    }
)


class GenreDayBusy(LakeError):
    """A run works on a genre-day: nothing of it was deleted."""

    kind = FailureKind.RETRY


@dataclass(frozen=True)
class Rule:
    """What is due. The default is everything; each field leaves some of it out."""

    older_than: int | None = None
    """Only days (UTC) that are more than so many days ago."""
    genres: frozenset[str] | None = None
    """Only these genres, as `normalise_genre` spells them."""
    superseded: bool = False
    """Only collections that a later finished one of the same genre-day has taken the place of."""

    def covers(self, part: Part, today: dt.date) -> bool:
        """Whether something of it may be due on ``today``."""
        if isinstance(part, GenreDay):
            is_named = self.genres is None or part.genre in self.genres
            return is_named and self._is_old(part.date, today)
        # A poll is of no genre, and no later one takes its place.
        return self.genres is None and not self.superseded and self._is_old(part, today)

    def _is_old(self, day: dt.date, today: dt.date) -> bool:
        return self.older_than is None or (today - day).days > self.older_than


@dataclass(frozen=True)
class Due:
    """The files of one genre-day, or of one day of polls, that are due."""

    part: Part
    files: tuple[str, ...]
    """Keys; of a genre-day, of its responses. In the order in which they go."""
    folders: tuple[str, ...] = ()
    """Those of its folders that go as a whole; a killed purge leaves empty ones."""
    is_whole: bool = True
    tables: tuple[TableFile, ...] = ()
    """The files of its tables, by the log; earlier versions go with them."""

    def __str__(self) -> str:
        """For messages."""
        return str(self.part) if isinstance(self.part, GenreDay) else f"the polls of {self.part}"

    @property
    def genre(self) -> str:
        """Its genre, or `PLAYS`."""
        return self.part.genre if isinstance(self.part, GenreDay) else PLAYS

    @property
    def date(self) -> dt.date:
        """Its day (UTC)."""
        return self.part.date if isinstance(self.part, GenreDay) else self.part


def due(lake: Lake, rule: Rule, today: dt.date) -> list[Due]:
    """What is due in all layers: by day and genre, then the days of polls.

    Args:
        lake: Where to look. Every layer counts, also tables that no contract names any more.
        rule: What is due.
        today: The day (UTC) from which ages are counted.

    Raises:
        LakeError: A folder has no day in its name; or a collection that would stay is damaged.
    """
    folders: dict[GenreDay, list[str]] = defaultdict(list)
    store = lake.log.store
    for table in _within(store, [RAW_LAYER]):
        for folder in _within(store, _within(store, [table], "genre="), DAY_FOLDER):
            folders[_genre_day(lake, folder)].append(folder)
    tables = upkeep.genre_days(lake)
    covered = sorted(day for day in {*folders, *tables} if rule.covers(day, today))
    if rule.superseded:
        parts = (Due(day, _superseded(lake, day), is_whole=False) for day in covered)
        return [part for part in parts if part.files]
    whole = [
        Due(
            day,
            _whole(lake, folders[day]),
            tuple(folders[day]),
            tables=tuple(_table_files(tables.get(day, Day()))),
        )
        for day in covered
    ]
    return [*whole, *_polls_due(lake, rule, today)]


def _table_files(day: Day) -> Iterator[TableFile]:
    prepared = day.draft.tables if day.draft else {}
    yield from dict.fromkeys([*day.tables.values(), *prepared.values()])


def _polls_due(lake: Lake, rule: Rule, today: dt.date) -> list[Due]:
    folders: dict[dt.date, list[str]] = defaultdict(list)
    store = lake.log.store
    # Not the marks of runs, which lie in a hidden folder.
    layers = [layer for layer in store.folders("") if layer[0] != "."]
    for folder in _within(store, _within(store, layers), DAY_FOLDER):
        folders[day_of(lake.path(folder))].append(folder)
    covered = sorted(day for day in folders if rule.covers(day, today))
    return [Due(day, _whole(lake, folders[day]), tuple(folders[day])) for day in covered]


def _within(store: Store, folders: Iterable[str], begin: str = "") -> list[str]:
    """The folders right in folders of which the name begins so."""
    return [
        f"{folder}/{name}"
        for folder in folders
        for name in store.folders(folder)
        if name.startswith(begin)
    ]


def listing(lake: Lake, parts: Iterable[Due]) -> pl.DataFrame:
    """A row a file, as `LISTING`; of the file of a month, a row for each day that is in it.

    ``bytes`` is its size. ``rows`` are its rows; in the raw layer its responses, which a sidecar
    counts for its sealed file. They are null where the file is damaged: it can be deleted still.
    """
    found = []
    for one in parts:
        store = lake.log.store
        there = {key: o for folder in _folders_of(one) for key, o in store.objects(folder).items()}
        for file in one.files:
            # A run may have renamed or finished it since.
            if file in there:
                layer, _, _ = file.partition("/")
                size = there[file].bytes
                found.append((one.genre, one.date, layer, file, size, _rows(lake, file)))
        for table in one.tables:
            layer = table.key.partition("/")[0]
            rows = _rows(lake, table.key) if table.rows is None else table.rows
            name = _own_name(table.key, one.date)
            found.append((one.genre, one.date, layer, name, table.bytes, rows))
    return pl.DataFrame(found, schema=LISTING, orient="row")


def _folders_of(one: Due) -> Iterable[str]:
    return one.folders or {file.rpartition("/")[0] for file in one.files}


def _own_name(key: str, date: dt.date) -> str:
    """The key of a file; of that of a month, what it would be if the day were alone in it."""
    if not is_shared(key):
        return key
    head, _, name = key.rpartition("/")
    return f"{head.rpartition(MONTH_FOLDER)[0]}{DAY_FOLDER}{date}/{name}"


def drop_tables(lake: Lake, parts: Iterable[Due]) -> None:
    """Take genre-days out of the tables together; `delete` deletes the rest of each.

    Day by day, the days that share the file of a month would be written thirty times.

    Raises:
        LakeError: A file cannot be read or written.
    """
    dates: dict[str, set[dt.date]] = defaultdict(set)
    for one in parts:
        if isinstance(one.part, GenreDay) and one.is_whole:
            dates[one.genre].add(one.date)
    for genre, of_genre in dates.items():
        upkeep.purge(lake, genre, of_genre)


def busy(lake: Lake, part: Part) -> str | None:
    """Why it must be left alone; ``None`` if no run works on it."""
    try:
        with _without_runs(lake, part):
            return None
    except GenreDayBusy as reason:
        return str(reason)


def delete(lake: Lake, due: Due) -> None:
    """Delete the files of a genre-day, or of a day of polls.

    First the tables, in one commit. The raw responses go last: as long as there are rows, the
    responses are there that they were read from. Killed at any point, what is left is still due by
    the same rule.

    Raises:
        GenreDayBusy: A run works on it; nothing was deleted.
        LakeError: A file cannot be deleted; what is left is still due.
    """
    with _without_runs(lake, due.part):
        if isinstance(due.part, GenreDay) and due.is_whole:
            upkeep.purge(lake, due.part.genre, {due.part.date})
        # A day of polls may have been sealed since, or have got another answer.
        there = _whole(lake, due.folders) if due.is_whole else ()
        lake.log.store.delete(_in_order({*due.files, *there}))
        if lake.url:
            # What was read of it on this machine.
            for one in due.folders or due.files:
                path = lake.path(one)
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for folder in due.folders:
            _remove_empty(lake.path(folder))


@contextmanager
def purging(lake: Lake) -> Iterator[None]:
    """Note that content goes, until the body has ended well.

    The body deletes, and publishes without what was deleted. The note outlives a kill and an
    error: by `is_unfinished` the next purge knows that it has to publish, if nothing else.

    Raises:
        LakeError: Another purge is under way, or the note cannot be written. The body has not
            begun.
    """
    note = _note(lake)
    with ExitStack() as held:
        with writing(note, "the note that a purge is under way"):
            lake.root.mkdir(parents=True, exist_ok=True)
            file = held.enter_context(note.open("ab"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LakeError(
                f"Another process purges {lake.root} right now. Wait for it, then run again."
            ) from None
        # Half-written files of killed runs hold content too.
        lake.sweep()
        yield
        note.unlink(missing_ok=True)


def is_unfinished(lake: Lake) -> bool:
    """Whether a purge was stopped: what is published may hold what the lake does not any more."""
    return _note(lake).exists()


def _note(lake: Lake) -> Path:
    return lake.root / ".purge"


def _genre_day(lake: Lake, folder: str) -> GenreDay:
    try:
        return GenreDay.from_folder(Path(folder))
    except ValueError as error:
        raise LakeError(
            f"{lake.path(folder)} has no day in its name ({error}), so its age is not known. "
            "Rename it to date=YYYY-MM-DD or move it out of the lake, then run again."
        ) from error


def _whole(lake: Lake, folders: Iterable[str]) -> tuple[str, ...]:
    return _in_order(key for folder in folders for key in lake.log.store.keys(folder))


def _in_order(files: Iterable[str]) -> tuple[str, ...]:
    # By name a sidecar goes before its sealed file: one that is left alone would count as damage.
    return tuple(sorted(files, key=lambda file: (file.startswith(f"{RAW_LAYER}/"), file)))


def _superseded(lake: Lake, genre_day: GenreDay) -> tuple[str, ...]:
    """The files of earlier collections than the newest finished one.

    Those that the rows of the genre-day were made from stay, and a journal that can go on.
    """
    folder = lake.relative(lake.partition(RAW_CATALOG, genre_day))
    numbered = {
        file: int(match[1])
        for file in lake.log.store.keys(folder)
        if (match := NUMBERED.fullmatch(file.removeprefix(f"{folder}/")))
    }
    finished = {number for file, number in numbered.items() if file.endswith(f"{number:04d}.json")}
    earlier = {number for number in numbered.values() if number < max(finished, default=0)}
    if not earlier:
        return ()
    # Held to its hash: an earlier collection is worth keeping where the newest is damaged.
    RawPartition(lake, genre_day).latest()
    journals = {number for file, number in numbered.items() if _is_under_way(file)}
    going = earlier - (journals - finished) - _made_from(lake, genre_day)
    return tuple(file for file, number in numbered.items() if number in going)


def _made_from(lake: Lake, genre_day: GenreDay) -> set[int]:
    """The numbers of the collections that the rows of a genre-day name."""
    try:
        named = read_partition(lake, EXTRACTS, genre_day)["source_file"]
        return {int(Path(name).name.split(".")[0]) for name in named}
    except FileNotFoundError:
        return set()
    except (LakeError, pl.exceptions.PolarsError, ValueError, OSError) as error:
        raise LakeError(
            f"{EXTRACTS} of {genre_day} cannot be read ({error}), so it is not known which "
            f"responses its rows were made from. Collect {genre_day} again: its tables are made "
            "again from raw."
        ) from error


def _is_under_way(file: str) -> bool:
    """Whether it is of a collection under way, in a folder or on a store."""
    return file.endswith(f".{JOURNAL}") or f".{LINES}/" in file


def _rows(lake: Lake, file: str) -> int | None:
    counts: dict[str, Callable[[bytes], int]] = {
        ".parquet": lambda data: (
            pl.scan_parquet(io.BytesIO(data)).select(pl.len()).collect().item()
        ),
        ".json": lambda data: json.loads(data).get("lines", 0),
        ".jsonl": lambda data: data.count(b"\n"),
    }
    # An earlier version has its number behind the name.
    count = counts.get(Path(file.partition("@")[0]).suffix)
    try:
        return 0 if count is None else count(lake.log.store.get(file))
    except (pl.exceptions.PolarsError, LakeError, OSError, ValueError, AttributeError):
        return None


@contextmanager
def _without_runs(lake: Lake, genre_day: Part) -> Iterator[None]:
    """Have the journals of a genre-day, so that no run goes on with one meanwhile.

    A poll under way keeps nobody out: its answer comes whole, before or after.

    Raises:
        GenreDayBusy: A run has one, or rewrites the tables.
    """
    if not isinstance(genre_day, GenreDay):
        yield
        return
    with ExitStack() as journals:
        for path in lake.partition(RAW_CATALOG, genre_day).glob(f"*.{JOURNAL}"):
            try:
                journal = journals.enter_context(path.open("rb"))
                fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, FileNotFoundError):
                # Not found is what a run has finished just now, and goes on to make tables of.
                raise GenreDayBusy(
                    f"{genre_day} is being collected: a run has {path}. Wait for it or stop it, "
                    "then purge again."
                ) from None
        if _answered_just_now(lake, genre_day):
            raise GenreDayBusy(
                f"{genre_day} is being collected, perhaps by another machine. Wait for it or stop "
                "it, then purge again."
            )
        if begun := _rewritten_since(lake, genre_day):
            raise GenreDayBusy(
                f"{genre_day} is being rewritten by a run, since {begun:%Y-%m-%d %H:%M} UTC. Wait "
                "for it, then purge again. If that run was stopped, collect the genre-day again; "
                f"or wait: what was prepared {SCRATCH_SECONDS // 3600} h ago counts as left over."
            )
        yield


def _answered_just_now(lake: Lake, genre_day: GenreDay) -> bool:
    """Whether somebody has put a response on the store of late; there is no lock there."""
    if not lake.remote:
        return False
    folder = lake.relative(lake.partition(RAW_CATALOG, genre_day))
    there = lake.log.store.objects(folder)
    newest = max(
        (one.modified_at for key, one in there.items() if _is_under_way(key)), default=None
    )
    return newest is not None and newest > dt.datetime.now(dt.UTC) - MAX_PAUSE


def _rewritten_since(lake: Lake, genre_day: GenreDay) -> dt.datetime | None:
    draft = under_way(lake, genre_day)
    oldest = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=SCRATCH_SECONDS)
    return draft.begun_at if draft and draft.begun_at >= oldest else None


def _remove_empty(folder: Path) -> None:
    """Remove the folder of a partition, and that of its genre, where nothing is left in them."""
    # `rmdir` refuses a folder that is not empty; asking it first would race with a run.
    with suppress(OSError):
        folder.rmdir()
        folder.parent.rmdir()
