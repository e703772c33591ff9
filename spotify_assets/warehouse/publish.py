"""Make the DuckDB file equal to the lake.

A copy of the published file takes in the partitions that changed, in one transaction; the tables
that depend on all days are made anew; what must hold is checked; then the copy takes the file's
place by one rename. A reader sees the old state or the new one, and is never kept out. Killed at
any point, the old file is whole.
"""

import fcntl
import hashlib
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.errors import writing
from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.schemas.monitoring import HistoryFiles
from spotify_assets.warehouse import catalogue, partitions
from spotify_assets.warehouse import listening as plays
from spotify_assets.warehouse.answers import create_answers, definitions
from spotify_assets.warehouse.catalogue import Queries
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.integrity import hold_to_contract
from spotify_assets.warehouse.listening import Listening
from spotify_assets.warehouse.tables import create, literal, quoted

log = logging.getLogger(__name__)
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


def publish(
    lake: Lake,
    path: Path,
    queries: Queries,
    logs: Logs | None = None,
    listening: Listening | None = None,
    *,
    compact: bool = False,
) -> Published:
    """Bring the file to the state of the lake; where nothing changed, touch nothing.

    Args:
        lake: The truth.
        path: The DuckDB file.
        queries: The tables that are made from all days.
        logs: The tables that only grow.
        listening: How the tables of plays are made; without it they stay empty.
        compact: Write the file even where nothing changed, and without the bytes of rows that it
            holds no more: DuckDB frees the blocks of deleted rows, but does not wipe them.

    Raises:
        WarehouseError: A key stands twice or a reference is missing: the old state stays.
        LakeError: The copy cannot be written, or a file of the lake is damaged: the old state
            stays.
    """
    with writing(path, "the warehouse"), alone(path):
        definition = _hash(queries, listening)
        held = _held(path, definition)
        in_lake, waiting = partitions.there(lake)
        changed = partitions.difference(in_lake, held, waiting)
        grown = _grown(logs or {}, None if held is None else path)
        history = _history(lake, listening, None if held is None else path)
        is_same = changed.is_empty() and not grown and history is None
        if held is not None and is_same and not compact:
            with duckdb.connect(path, read_only=True) as connection:
                return Published(path, _counted(connection), [], waiting)
        copy = path.with_name(f".{path.name}.next")
        try:
            _remove(copy)
            if held is not None:
                shutil.copyfile(path, copy)
            with _opened(copy) as connection:
                anew = held is None
                if anew:
                    _create(connection, definition, listening)
                catalogue.take_in(connection, lake, changed, queries, anew=anew)
                if listening and (history is not None or _is_outdated(connection, listening)):
                    plays.take_in(connection, lake, plays.there(lake), listening)
                catalogue.verify(connection, queries, anew=anew)
                _append(connection, grown)
                rows = _counted(connection)
            if compact:
                _compact(copy)
            copy.replace(path)
        finally:
            _remove(copy)
    days = changed.select("genre", "date").unique().sort("date", "genre").iter_rows()
    return Published(path, rows, [GenreDay(*day) for day in days], waiting)


def _held(path: Path, definition: str) -> pl.DataFrame | None:
    """The partitions that the file was made from; ``None`` where it must be made anew."""
    if not path.exists():
        return None
    try:
        with duckdb.connect(path, read_only=True) as connection:
            made_by = connection.execute("SELECT hash FROM monitoring.definition").fetchone()
            held = connection.table("monitoring.partitions").pl()
    except duckdb.Error as error:
        log.warning("%s is made anew from the lake: it cannot be read (%s).", path, error)
        return None
    if made_by != (definition,):
        log.info("%s is made anew from the lake: its contracts or queries have changed.", path)
        return None
    return held


@contextmanager
def _opened(copy: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The copy, for one transaction; a full disk is an ``OSError`` like any other."""
    try:
        with duckdb.connect(copy) as connection:
            # A file of the lake is read once: kept, 36,000 of them took 3.6 GB.
            connection.execute("SET enable_external_file_cache = false")
            connection.begin()
            yield connection
            connection.commit()
            connection.execute("CHECKPOINT")
    except (duckdb.IOException, duckdb.FatalException) as error:
        # Fatal is what a checkpoint makes of a full disk; only the copy is lost by it.
        raise OSError(str(error)) from error


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


def _history(lake: Lake, listening: Listening | None, held: Path | None) -> pl.DataFrame | None:
    """The files of the listening history, where the tables of plays were made from others."""
    if listening is None:
        return None
    files = plays.there(lake)
    if held is None:
        return None if files.is_empty() else files
    with duckdb.connect(held, read_only=True) as connection:
        made_from = connection.table(HistoryFiles.table()).pl()
    return None if files.sort("file").equals(made_from.sort("file")) else files


def _is_outdated(connection: duckdb.DuckDBPyConnection, listening: Listening) -> bool:
    """Whether the catalogue knows more of what was played than the file says."""
    return bool(connection.execute(listening.is_outdated).fetchall()[0][0])


def _create(
    connection: duckdb.DuckDBPyConnection, definition: str, listening: Listening | None
) -> None:
    create(connection, WAREHOUSE.values())
    create_answers(connection, listening.time_zone if listening else "UTC")
    connection.execute("INSERT INTO monitoring.definition VALUES (?)", [definition])


def _grown(logs: Logs, held: Path | None) -> dict[type[Contract], pl.DataFrame]:
    """The rows of each log that the file does not hold yet, where there are any."""
    last = dict.fromkeys(logs, 0)
    if held is not None:
        with duckdb.connect(held, read_only=True) as connection:
            for contract in logs:
                number = connection.table(contract.table()).max(contract.columns()[0].name)
                last[contract] = (number.fetchone() or (None,))[0] or 0
    rows = {contract: after(last[contract]) for contract, after in logs.items()}
    return {contract: frame for contract, frame in rows.items() if frame.height}


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
