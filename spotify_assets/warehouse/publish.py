"""Make the DuckDB file equal to the lake.

A copy of the published file takes in the partitions that changed, in one transaction; the tables
that depend on all days are made anew; what must hold is checked; then the copy takes the file's
place by one rename. A reader sees the old state or the new one, and is never kept out. Killed at
any point, the old file is whole.
"""

import fcntl
import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandera.errors
import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.errors import writing
from spotify_assets.schemas import LAKE, WAREHOUSE, Contract, monitoring
from spotify_assets.schemas.monitoring import HistoryFiles
from spotify_assets.warehouse.answers import create_answers, definitions
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.integrity import integrity
from spotify_assets.warehouse.listening import Listening, take_in, there
from spotify_assets.warehouse.reading import naming_damage
from spotify_assets.warehouse.tables import create, literal, quoted

log = logging.getLogger(__name__)
LOCK_PATIENCE_SECONDS = 300
LOCK_POLL_SECONDS = 0.2
Queries = Mapping[type[Contract], str]
"""For each table that is made from all days, its SQL."""
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
        in_lake, waiting = _there(lake)
        changed = _difference(
            in_lake, pl.DataFrame(schema=in_lake.schema) if held is None else held
        )
        changed = changed.join(_as_frame(waiting), on=["genre", "date"], how="anti")
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
                _take_in(connection, lake, changed, queries, definition, listening)
                if listening and (history is not None or _is_outdated(connection, listening)):
                    take_in(connection, lake, there(lake), listening)
                _verify(connection)
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


def _there(lake: Lake) -> tuple[pl.DataFrame, list[GenreDay]]:
    """The partitions of the lake as `monitoring.Partitions`, and the genre-days that must wait.

    A genre-day waits while a run rewrites it, and while some of its tables are not there yet: its
    tables would not fit together.
    """
    under_way = lake.under_way()
    there = pl.DataFrame(
        [
            (table, day.genre, day.date, lake.relative(file), stat.st_size, stat.st_mtime_ns)
            for table in LAKE
            for day, file in lake.partitions(table)
            for stat in [file.stat()]
        ],
        schema=monitoring.Partitions.polars_schema(),
        orient="row",
    )
    tables = there.group_by("genre", "date").len()
    incomplete = tables.filter(pl.col("len") < len(LAKE)).select("genre", "date").iter_rows()
    return there, sorted({*under_way, *(GenreDay(*day) for day in incomplete)})


def _difference(there: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """What must be loaded anew; ``file`` is null where the lake holds a partition no more."""
    new = there.join(held, on=there.columns, how="anti")
    gone = held.join(there, on=list(monitoring.Partitions.key()), how="anti")
    return pl.concat([new, gone.with_columns(file=pl.lit(None, pl.String))])


def _as_frame(days: list[GenreDay]) -> pl.DataFrame:
    return pl.DataFrame(
        [(day.genre, day.date) for day in days],
        schema={"genre": pl.String, "date": pl.Date},
        orient="row",
    )


@contextmanager
def _opened(copy: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The copy, for one transaction; a full disk is an ``OSError`` like any other."""
    try:
        with duckdb.connect(copy) as connection:
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


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changed: pl.DataFrame,
    queries: Queries,
    definition: str,
    listening: Listening | None,
) -> None:
    if not connection.execute("SELECT 1 FROM duckdb_tables()").fetchone():
        create(connection, WAREHOUSE.values())
        create_answers(connection, listening.time_zone if listening else "UTC")
        connection.execute("INSERT INTO monitoring.definition VALUES (?)", [definition])
    genres = _load(connection, lake, changed)
    _derive(connection, queries, genres)


def _history(lake: Lake, listening: Listening | None, held: Path | None) -> pl.DataFrame | None:
    """The files of the listening history, where the tables of plays were made from others."""
    if listening is None:
        return None
    files = there(lake)
    if held is None:
        return None if files.is_empty() else files
    with duckdb.connect(held, read_only=True) as connection:
        made_from = connection.table(HistoryFiles.table()).pl()
    return None if files.sort("file").equals(made_from.sort("file")) else files


def _is_outdated(connection: duckdb.DuckDBPyConnection, listening: Listening) -> bool:
    """Whether the catalogue knows more of what was played than the file says."""
    return bool(connection.execute(listening.is_outdated).fetchall()[0][0])


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
        _hold_to_contract(contract, rows)
        connection.register("grown", rows.to_arrow())
        connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM grown")
        connection.unregister("grown")


def _counted(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {name: connection.table(name).count("*").fetchall()[0][0] for name in WAREHOUSE}


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake, changed: pl.DataFrame) -> list[str]:
    """Replace the rows of the changed partitions; returns the genres they belong to."""
    connection.register("changed", changed.to_arrow())
    for name, contract in LAKE.items():
        table = quoted(contract)
        connection.execute(
            f"DELETE FROM {table} AS t USING changed AS c "
            "WHERE c.table_name = ? AND t.genre = c.genre AND t.date = c.date",
            [name],
        )
        columns = contract.polars_schema().names()
        files = changed.filter((pl.col("table_name") == name) & pl.col("file").is_not_null())
        paths = [lake.root / file for file in sorted(files["file"])]
        if paths:
            with naming_damage(paths):
                connection.execute(
                    # Files of an older contract can lack columns, or have some that are no more.
                    f"INSERT INTO {table} BY NAME SELECT COLUMNS(c -> list_contains(?, c)) FROM "
                    "read_parquet(?, hive_partitioning = false, union_by_name = true) ORDER BY ALL",
                    [columns, [str(path) for path in paths]],
                )
    connection.execute(
        "DELETE FROM monitoring.partitions AS p USING changed AS c "
        "WHERE p.table_name = c.table_name AND p.genre = c.genre AND p.date = c.date"
    )
    connection.execute(
        "INSERT INTO monitoring.partitions BY NAME SELECT * FROM changed WHERE file IS NOT NULL"
    )
    connection.unregister("changed")
    return changed["genre"].unique().sort().to_list()


def _derive(connection: duckdb.DuckDBPyConnection, queries: Queries, genres: list[str]) -> None:
    """Make the tables of all days anew; where genres stand alone, those that changed."""
    for contract, sql in queries.items():
        table = quoted(contract)
        scope, bound = "", []
        if "genre" in contract.key() and len(contract.key()) > 1:
            scope, bound = " WHERE genre IN (SELECT unnest(?))", [genres]
        # As a copy of the table's shape, because the query's own types may be wider.
        connection.execute(f"CREATE OR REPLACE TEMP TABLE anew AS FROM {table} LIMIT 0")
        connection.execute(f"INSERT INTO anew BY NAME FROM ({sql}){scope}", bound)
        _hold_to_contract(contract, connection.table("anew").pl())
        connection.execute(f"DELETE FROM {table}{scope}", bound)
        connection.execute(f"INSERT INTO {table} BY NAME FROM anew")
    connection.execute("DROP TABLE IF EXISTS anew")


def _hold_to_contract(contract: type[Contract], rows: pl.DataFrame) -> None:
    try:
        contract.validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as error:
        raise WarehouseError(
            f"Nothing was published: the rows for {contract.table()} break its "
            f"contract, {len(error.failure_cases)} times: {error}"
        ) from error


def _verify(connection: duckdb.DuckDBPyConnection) -> None:
    broken = [f for f in integrity(connection, WAREHOUSE.values()) if f.broken]
    if broken:
        raise WarehouseError(
            "Nothing was published, because "
            + "; ".join(
                f"in {finding.table} it does not hold that {finding.rule}: {finding.broken} times, "
                f"e.g. {finding.example}"
                for finding in broken
            )
        )


def _hash(queries: Queries, listening: Listening | None) -> str:
    columns = {name: contract.columns() for name, contract in WAREHOUSE.items()}
    about = {name: contract.description() for name, contract in WAREHOUSE.items()}
    sql = {contract.table(): text for contract, text in queries.items()}
    plays = (listening.version, listening.time_zone) if listening else ()
    return hashlib.sha256(repr((columns, about, sql, plays, definitions())).encode()).hexdigest()


def _remove(copy: Path) -> None:
    for leftover in (copy, copy.with_name(f"{copy.name}.wal")):
        leftover.unlink(missing_ok=True)


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
