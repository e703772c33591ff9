"""Make the DuckDB file equal to the lake.

A copy of the published file, which nobody sees, loads the partitions that changed; what depends
on other days is made again as far as they touch it; what must hold is checked; then the copy takes
the file's place (``replacing``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.errors import writing
from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.schemas.monitoring import DamagedFiles, LakeCommits
from spotify_assets.warehouse.macros import create_macros, macros
from spotify_assets.warehouse.publication import catalog, partitions
from spotify_assets.warehouse.publication.catalog import Queries
from spotify_assets.warehouse.publication.changes import Changes, Logs
from spotify_assets.warehouse.publication.domain import Domain, load
from spotify_assets.warehouse.publication.integrity import hold_to_contract
from spotify_assets.warehouse.publication.partitions import News
from spotify_assets.warehouse.publication.replacing import alone, opened, replacing
from spotify_assets.warehouse.publication.state import State
from spotify_assets.warehouse.tables import create, literal, quoted


@dataclass(frozen=True)
class Published:
    """The state of the file after a publication."""

    path: Path
    rows: dict[str, int]
    """Rows of each table, as `layer.table`."""
    loaded: list[GenreDay]
    """Genre-days of which some table changed."""
    waiting: list[GenreDay]
    """Genre-days that a run is working on, or has left half made: they stay as they were."""
    damaged: pl.DataFrame
    """Files that could not be loaded, as `DamagedFiles`: their days stay as they were."""


def publish(
    lake: Lake,
    path: Path,
    queries: Queries,
    logs: Logs | None = None,
    domains: Sequence[Domain] = (),
    *,
    time_zone: str = "UTC",
    compact: bool = False,
    readers: int | None = None,
) -> Published:
    """Bring the file to the state of the lake; where nothing changed, touch nothing.

    Args:
        lake: The truth.
        path: The DuckDB file.
        queries: The tables that are made from all days.
        logs: The tables that only grow.
        domains: How the tables of each domain are made that is loaded whole, after those that it
            follows; without it they stay empty.
        time_zone: IANA name of the listener's time zone.
        compact: Write the file even where nothing changed, without the bytes of rows that it holds
            no more: DuckDB frees the blocks of deleted rows, but does not wipe them.
        readers: The number of the group that may read the file; else only its owner may.

    Raises:
        WarehouseError: A key is there twice or a reference is missing: the old state stays.
        LakeError: The copy cannot be written: the old state stays.
    """
    with writing(path, "the warehouse"), alone(path):
        definition = _hash(queries, domains, time_zone)
        state = State.of(path, [domain.sources for domain in domains], definition)
        changes = Changes.of(lake, state, logs or {}, [type(domain) for domain in domains])
        if state.is_there and changes.are_none and not compact:
            with duckdb.connect(path, read_only=True) as connection:
                waiting = sorted({*changes.news.incomplete, *changes.news.under_way})
                return Published(path, _counted(connection), [], waiting, changes.damaged)
        create = None if state.is_there else partial(_create, definition, time_zone)
        with replacing(path, create=create, compact=compact, readers=readers) as connection:
            loaded, overtaken, damaged = _load_catalog(
                connection, lake, changes, queries, full_refresh=not state.is_there
            )
            for domain in domains:
                change = changes.domains[type(domain)]
                found = load(connection, lake, domain, change, full_refresh=not state.is_there)
                damaged = pl.concat([damaged, found])
            connection.begin()
            _append(connection, changes.grown)
            _note(connection, changes.news, overtaken, damaged)
            connection.commit()
            rows = _counted(connection)
    for day in changes.news.gone:
        lake.drop_cached(day)
    waiting = sorted({*changes.news.incomplete, *changes.news.under_way, *overtaken})
    return Published(path, rows, loaded, waiting, damaged)


def _load_catalog(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: Changes,
    queries: Queries,
    *,
    full_refresh: bool,
) -> tuple[list[GenreDay], list[GenreDay], pl.DataFrame]:
    """The catalog, but for what is damaged.

    Returns:
        The genre-days that were loaded, those that were purged or rewritten while they were to be
        read, and the files that are damaged.
    """
    overtaken: set[GenreDay] = set()
    damaged = changes.damaged
    while True:
        changed = partitions.difference(
            changes.news.partitions,
            changes.held,
            {*changes.news.incomplete, *overtaken},
            damaged,
        )
        connection.begin()
        try:
            catalog.load(connection, lake, changed, queries, full_refresh=full_refresh)
            break
        except catalog.NotTakenIn as error:
            connection.rollback()
            gone = partitions.overtaken(lake, error.files)
            overtaken |= gone
            damaged = pl.concat([damaged, error.files.filter(~partitions.is_of(gone))])
    # Nobody sees the copy yet. What is committed is read in half the time.
    connection.commit()
    connection.begin()
    catalog.move(connection, changes.moved)
    catalog.derive(connection, queries, full_refresh=full_refresh)
    connection.commit()
    catalog.verify(connection, queries, full_refresh=full_refresh)
    days = changed.select("genre", "date").unique().sort("date", "genre").iter_rows()
    return [GenreDay(*day) for day in days], sorted(overtaken), damaged


def _note(
    connection: duckdb.DuckDBPyConnection,
    news: News,
    overtaken: list[GenreDay],
    damaged: pl.DataFrame,
) -> None:
    """What the next publication has to know of this one."""
    # Of a genre that is not noted, the next compares all days.
    unsettled = [day.genre for day in overtaken]
    commits = news.commits.filter(~pl.col("genre").is_in(unsettled))
    for contract, rows in ((LakeCommits, commits), (DamagedFiles, damaged)):
        hold_to_contract(contract, rows)
        connection.register("noted", rows.to_arrow())
        connection.execute(f"DELETE FROM {quoted(contract)}")
        connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM noted")
        connection.unregister("noted")


_EMPTY: dict[str, bytes] = {}
"""The empty warehouse of each definition that this process has made: 600 statements make one."""


def _create(definition: str, time_zone: str, path: Path) -> None:
    """Make the file of a warehouse that has all tables and macros, and no rows."""
    if definition in _EMPTY:
        path.write_bytes(_EMPTY[definition])
        return
    with opened(path) as connection:
        connection.begin()
        create(connection, WAREHOUSE.values())
        create_macros(connection, time_zone)
        connection.execute("INSERT INTO monitoring.definition VALUES (?)", [definition])
        connection.commit()
    _EMPTY[definition] = path.read_bytes()


def _append(
    connection: duckdb.DuckDBPyConnection, grown: Mapping[type[Contract], pl.DataFrame]
) -> None:
    for contract, rows in grown.items():
        hold_to_contract(contract, rows)
        connection.register("grown", rows.to_arrow())
        # A row that is there already has changed: of a run, that somebody was told of it.
        number = contract.key()[0]
        connection.execute(
            f"DELETE FROM {quoted(contract)} WHERE {number} IN (SELECT {number} FROM grown)"
        )
        connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM grown")
        connection.unregister("grown")


def _counted(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The rows of each table, by one statement: one each would take three times as long."""
    counts = " UNION ALL ".join(
        f"SELECT {literal(name)}, count(*) FROM {quoted(one)}" for name, one in WAREHOUSE.items()
    )
    counted: dict[str, int] = dict(connection.execute(counts).fetchall())
    return {name: counted[name] for name in WAREHOUSE}


def _hash(queries: Queries, domains: Sequence[Domain], time_zone: str) -> str:
    columns = {name: (one.columns(), one.key(), one.grain()) for name, one in WAREHOUSE.items()}
    about = {name: contract.description() for name, contract in WAREHOUSE.items()}
    sql = {contract.table(): query.sql for contract, query in queries.items()}
    how = [(type(domain).__name__, domain.version) for domain in domains]
    return hashlib.sha256(
        repr((columns, about, sql, how, time_zone, list(macros().values()))).encode()
    ).hexdigest()
