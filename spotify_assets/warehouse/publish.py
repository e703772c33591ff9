"""Make the DuckDB file equal to the lake.

A copy of the published file takes in the partitions that changed, in one transaction; the tables
that depend on all days are made anew; what must hold is checked; then the copy takes the file's
place by one rename. A reader sees the old state or the new one, and is never kept out. Killed at
any point, the old file is whole.
"""

import datetime as dt
import fcntl
import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.lake import DamagedFile, GenreDay, Lake
from spotify_assets.lake.errors import writing
from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.schemas.monitoring import DamagedFiles, GenreFolders
from spotify_assets.warehouse import catalogue, partitions
from spotify_assets.warehouse import listening as plays
from spotify_assets.warehouse.answers import create_answers, definitions
from spotify_assets.warehouse.catalogue import Queries
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.integrity import hold_to_contract
from spotify_assets.warehouse.listening import Listening
from spotify_assets.warehouse.partitions import Survey
from spotify_assets.warehouse.state import State
from spotify_assets.warehouse.tables import create, literal, quoted

LOCK_PATIENCE_SECONDS = 300
LOCK_POLL_SECONDS = 0.2
Logs = Mapping[type[Contract], Callable[[int], pl.DataFrame]]
"""For each table that only grows, its rows after a number: that of its first column."""


@dataclass(frozen=True)
class Published:
    """The state of the file after a publication."""

    path: Path
    rows: dict[str, int]
    """Rows of each table, as `layer.table`."""
    loaded: list[GenreDay]
    """Genre-days of which some table changed."""
    waiting: list[GenreDay]
    """Genre-days that a run is working on: they stay as they were."""
    damaged: pl.DataFrame
    """Files that could not be taken in, as `DamagedFiles`: their days stay as they were."""


def publish(
    lake: Lake,
    path: Path,
    queries: Queries,
    logs: Logs | None = None,
    listening: Listening | None = None,
    *,
    everywhere: bool = False,
    compact: bool = False,
) -> Published:
    """Bring the file to the state of the lake; where nothing changed, touch nothing.

    Args:
        lake: The truth.
        path: The DuckDB file.
        queries: The tables that are made from all days.
        logs: The tables that only grow.
        listening: How the tables of plays are made; without it they stay empty.
        everywhere: Look at every file of the lake, not only where a genre's folder changed, and try
            damaged ones again.
        compact: Write the file even where nothing changed, without the bytes of rows that it holds
            no more: DuckDB frees the blocks of deleted rows, but does not wipe them.

    Raises:
        WarehouseError: A key stands twice or a reference is missing: the old state stays.
        LakeError: The copy cannot be written: the old state stays.
    """
    with writing(path, "the warehouse"), alone(path):
        definition = _hash(queries, listening)
        state = State.of(path, definition)
        changes = _changes(lake, state, logs or {}, listening, everywhere=everywhere)
        if state.is_there and changes.are_none and not compact:
            with duckdb.connect(path, read_only=True) as connection:
                waiting = changes.survey.waiting
                return Published(path, _counted(connection), [], waiting, changes.damaged)
        copy = path.with_name(f".{path.name}.next")
        try:
            _remove(copy)
            if state.is_there:
                shutil.copyfile(path, copy)
            with _opened(copy) as connection:
                if not state.is_there:
                    _create(connection, definition, listening)
                loaded, waiting, damaged = _take_in(connection, lake, changes, state, queries)
                damaged = _take_in_plays(connection, lake, changes, listening, damaged)
                connection.begin()
                _append(connection, changes.grown)
                _note(connection, changes.survey, waiting, damaged)
                connection.commit()
                rows = _counted(connection)
            if compact:
                _compact(copy)
            _swap(copy, path)
        finally:
            _remove(copy)
    return Published(path, rows, loaded, waiting, damaged)


@dataclass(frozen=True)
class _Changes:
    """What the lake and the logs have that the file does not."""

    survey: Survey
    partitions: pl.DataFrame
    """Those of the genres that were looked into, as `Partitions`."""
    held: pl.DataFrame
    """The partitions that the file holds of the genres that were looked into."""
    damaged: pl.DataFrame
    """Files that were found damaged before, and are still the same."""
    news_of_damage: bool
    """Whether others were, or are."""
    moved: pl.DataFrame
    """As `partitions.moved` gives them."""
    history: pl.DataFrame | None
    """The files of the listening history; none where the tables of plays must stay as they are."""
    history_changed: bool
    """Whether the tables of plays were made from others."""
    grown: dict[type[Contract], pl.DataFrame]
    """The rows of each log that the file does not hold, where there are any."""

    @property
    def are_none(self) -> bool:
        waiting = self.survey.waiting
        changed = partitions.difference(self.partitions, self.held, waiting, self.damaged)
        is_same = changed.is_empty() and self.moved.is_empty()
        return is_same and not (self.news_of_damage or self.grown or self.history_changed)


def _changes(
    lake: Lake, state: State, logs: Logs, listening: Listening | None, *, everywhere: bool
) -> _Changes:
    survey = partitions.survey(lake, state.folders, everywhere=everywhere)
    held = state.partitions(survey.genres)
    # Of a month that does not say its days, the file still holds what it held.
    kept = held.join(survey.unreadable, on="file", how="semi")
    found = pl.concat([survey.partitions, kept])
    files = plays.there(lake)
    stamp = ["file", "bytes", "modified_ns"]
    there = pl.concat(frame.select(stamp) for frame in (found, files, survey.unreadable))
    known = state.damaged.clear() if everywhere else state.damaged
    known = known.join(there, on=stamp, how="semi")
    damaged = pl.concat([known, survey.unreadable.join(known, on=stamp, how="anti")])
    is_same = files.sort("file").equals(state.history.sort("file"))
    is_hindered = not damaged.join(files, on=stamp, how="semi").is_empty()
    rows = {contract: after(state.last.get(contract, 0)) for contract, after in logs.items()}
    return _Changes(
        survey,
        found,
        held,
        damaged,
        not damaged.select(stamp).equals(state.damaged.select(stamp)),
        partitions.moved(found, held),
        None if listening is None or is_hindered else files,
        not (listening is None or is_hindered or is_same),
        {contract: frame for contract, frame in rows.items() if frame.height},
    )


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: _Changes,
    state: State,
    queries: Queries,
) -> tuple[list[GenreDay], list[GenreDay], pl.DataFrame]:
    """The catalogue, but for what is damaged or being rewritten.

    Returns:
        The genre-days that were taken in, those that wait, and the files that are damaged.
    """
    waiting, damaged = set(changes.survey.waiting), changes.damaged
    anew = not state.is_there
    while True:
        changed = partitions.difference(changes.partitions, changes.held, waiting, damaged)
        connection.begin()
        try:
            catalogue.take_in(connection, lake, changed, queries, anew=anew)
            rewritten = partitions.rewritten_since(lake, changed)
        except catalogue.NotTakenIn as error:
            rewritten = partitions.rewritten_since(lake, error.files)
            still = ~partitions.is_of(rewritten)
            damaged = pl.concat([damaged, error.files.filter(still)])
        else:
            if not rewritten:
                break
        # What a run rewrites meanwhile would be of two states, and the rest goes on without it.
        waiting |= rewritten
        connection.rollback()
    # Nobody sees the copy yet. What is committed is read in half the time.
    connection.commit()
    connection.begin()
    catalogue.move(connection, changes.moved)
    catalogue.derive(connection, queries, anew=anew)
    connection.commit()
    catalogue.verify(connection, queries, anew=anew)
    days = changed.select("genre", "date").unique().sort("date", "genre").iter_rows()
    return [GenreDay(*day) for day in days], sorted(waiting), damaged


def _take_in_plays(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: _Changes,
    listening: Listening | None,
    damaged: pl.DataFrame,
) -> pl.DataFrame:
    """The listening history; where a file of it is damaged, its tables stay as they were.

    Returns:
        The files that are damaged, of all that was taken in.
    """
    files = changes.history
    if listening is None or files is None:
        return damaged
    if not (changes.history_changed or _is_outdated(connection, listening)):
        return damaged
    connection.begin()
    try:
        plays.take_in(connection, lake, files, listening)
    except DamagedFile as error:
        connection.rollback()
        return pl.concat([damaged, _as_damaged(files, error)])
    connection.commit()
    return damaged


def _as_damaged(files: pl.DataFrame, error: DamagedFile) -> pl.DataFrame:
    """A file of the listening history as `DamagedFiles`."""
    # What is known of an export file lies in a folder of the same name as its rows.
    folder = error.path.parent.name
    [file, *_] = files.filter(pl.col("file").str.contains(f"/{folder}/", literal=True)).to_dicts()
    row = {**file, "genre": None, "date": None, "reason": str(error)}
    row["found_at"] = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return pl.DataFrame([row], schema=DamagedFiles.polars_schema())


def _note(
    connection: duckdb.DuckDBPyConnection,
    survey: Survey,
    waiting: list[GenreDay],
    damaged: pl.DataFrame,
) -> None:
    """What the next publication has to know of this one."""
    folders = survey.noted({*damaged["genre"], *(day.genre for day in waiting)})
    for contract, rows in ((GenreFolders, folders), (DamagedFiles, damaged)):
        hold_to_contract(contract, rows)
        connection.register("noted", rows.to_arrow())
        connection.execute(f"DELETE FROM {quoted(contract)}")
        connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM noted")
        connection.unregister("noted")


@contextmanager
def _opened(copy: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The copy, which nobody else sees; a full disk is an ``OSError`` like any other."""
    try:
        with duckdb.connect(copy) as connection:
            # A file of the lake is read once: kept, 36,000 of them took 3.6 GB.
            connection.execute("SET enable_external_file_cache = false")
            yield connection
            connection.execute("CHECKPOINT")
    except (duckdb.IOException, duckdb.FatalException) as error:
        # Fatal is what a checkpoint makes of a full disk; only the copy is lost by it.
        raise OSError(str(error)) from error


def _swap(copy: Path, path: Path) -> None:
    """Put the copy in the place of the file, by one rename."""
    with ExitStack() as held:
        if path.exists():
            # Freeing the old one's blocks, 0.2 s a GiB, is left to when it is closed: nobody who
            # opens the new one waits for that.
            held.enter_context(path.open("rb"))
        copy.replace(path)


def _compact(copy: Path) -> None:
    """Put a file with nothing but the rows of ``copy`` in its place."""
    compacted = copy.with_name(f"{copy.name}.compact")
    try:
        _remove(compacted)
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH {literal(str(copy))} AS held (READ_ONLY)")
            connection.execute(f"ATTACH {literal(str(compacted))} AS compacted")
            connection.execute("COPY FROM DATABASE held TO compacted")
            # Closing would do it as well, but says nothing where the disk is full.
            connection.execute("CHECKPOINT compacted")
        compacted.replace(copy)
    except (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException) as error:
        # The last is what a commit makes of a full disk.
        raise OSError(str(error)) from error
    finally:
        _remove(compacted)


def _is_outdated(connection: duckdb.DuckDBPyConnection, listening: Listening) -> bool:
    """Whether the catalogue knows more of what was played than the file says."""
    return bool(connection.execute(listening.is_outdated).fetchall()[0][0])


def _create(
    connection: duckdb.DuckDBPyConnection, definition: str, listening: Listening | None
) -> None:
    connection.begin()
    create(connection, WAREHOUSE.values())
    create_answers(connection, listening.time_zone if listening else "UTC")
    connection.execute("INSERT INTO monitoring.definition VALUES (?)", [definition])
    connection.commit()


def _append(
    connection: duckdb.DuckDBPyConnection, grown: Mapping[type[Contract], pl.DataFrame]
) -> None:
    for contract, rows in grown.items():
        hold_to_contract(contract, rows)
        connection.register("grown", rows.to_arrow())
        connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM grown")
        connection.unregister("grown")


def _counted(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {name: connection.table(name).count("*").fetchall()[0][0] for name in WAREHOUSE}


def _hash(queries: Queries, listening: Listening | None) -> str:
    columns = {name: contract.columns() for name, contract in WAREHOUSE.items()}
    about = {name: contract.description() for name, contract in WAREHOUSE.items()}
    sql = {contract.table(): _in_one_order(query.sql) for contract, query in queries.items()}
    how = (listening.version, listening.time_zone) if listening else ()
    return hashlib.sha256(repr((columns, about, sql, how, definitions())).encode()).hexdigest()


def _in_one_order(sql: str) -> str:
    """With the columns that each EXCLUDE leaves out by name.

    Ibis writes them in the order of a set, another in each process: by the hash of it every process
    would make the file anew.
    """
    return re.sub(r"EXCLUDE \(([^)]*)\)", lambda found: str(sorted(found[1].split(", "))), sql)


def _remove(copy: Path) -> None:
    for leftover in (copy, copy.with_name(f"{copy.name}.wal")):
        leftover.unlink(missing_ok=True)
    # What did not fit into memory, of a publication that was killed.
    shutil.rmtree(copy.with_name(f"{copy.name}.tmp"), ignore_errors=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep publications on this machine out: the body has ``path``, and what it is made from.

    Raises:
        WarehouseError: Another process has had it for too long.
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WarehouseError(
                        f"Another process has been publishing {path} for "
                        f"{LOCK_PATIENCE_SECONDS} s. Wait for it or stop it, then run again."
                    ) from None
                time.sleep(LOCK_POLL_SECONDS)
        yield
