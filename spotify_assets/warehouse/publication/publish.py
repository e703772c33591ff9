"""Make the DuckDB file equal to the lake.

A copy of the published file, which nobody sees, loads the partitions that changed; what depends
on other days is made again as far as they touch it; what must hold is checked; then the copy takes
the file's place (``replacing``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.lake import DamagedFile, GenreDay, Lake
from spotify_assets.lake.errors import writing
from spotify_assets.lake.history import STREAMS
from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.schemas.monitoring import DamagedFiles, LakeCommits
from spotify_assets.warehouse.macros import create_macros, macros
from spotify_assets.warehouse.publication import catalog, partitions
from spotify_assets.warehouse.publication import comments as of_comments
from spotify_assets.warehouse.publication import listening as plays
from spotify_assets.warehouse.publication import predictions as estimates
from spotify_assets.warehouse.publication import releases as downloads
from spotify_assets.warehouse.publication.catalog import Queries
from spotify_assets.warehouse.publication.changes import Changes, Logs
from spotify_assets.warehouse.publication.comments import Comments
from spotify_assets.warehouse.publication.damage import damaged_files
from spotify_assets.warehouse.publication.integrity import hold_to_contract
from spotify_assets.warehouse.publication.listening import Listening
from spotify_assets.warehouse.publication.partitions import News
from spotify_assets.warehouse.publication.predictions import Predictions
from spotify_assets.warehouse.publication.releases import Releases
from spotify_assets.warehouse.publication.replacing import alone, opened, replacing
from spotify_assets.warehouse.publication.state import State
from spotify_assets.warehouse.tables import create, quoted


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
    listening: Listening | None = None,
    releases: Releases | None = None,
    predictions: Predictions | None = None,
    comments: Comments | None = None,
    *,
    compact: bool = False,
    readers: int | None = None,
) -> Published:
    """Bring the file to the state of the lake; where nothing changed, touch nothing.

    Args:
        lake: The truth.
        path: The DuckDB file.
        queries: The tables that are made from all days.
        logs: The tables that only grow.
        listening: How the tables of plays are made; without it they stay empty.
        releases: The same of the tables of releases.
        predictions: The same of what is estimated from them.
        comments: The same of the tables of comments.
        compact: Write the file even where nothing changed, without the bytes of rows that it holds
            no more: DuckDB frees the blocks of deleted rows, but does not wipe them.
        readers: The number of the group that may read the file; else only its owner may.

    Raises:
        WarehouseError: A key is there twice or a reference is missing: the old state stays.
        LakeError: The copy cannot be written: the old state stays.
    """
    with writing(path, "the warehouse"), alone(path):
        definition = _hash(queries, listening, releases, predictions, comments)
        state = State.of(path, definition)
        changes = Changes.of(lake, state, logs or {}, listening)
        if state.is_there and changes.are_none and not compact:
            with duckdb.connect(path, read_only=True) as connection:
                waiting = sorted({*changes.news.incomplete, *changes.news.under_way})
                return Published(path, _counted(connection), [], waiting, changes.damaged)
        create = None if state.is_there else partial(_create, definition, listening)
        with replacing(path, create=create, compact=compact, readers=readers) as connection:
            loaded, overtaken, damaged = _take_in(connection, lake, changes, state, queries)
            damaged = _take_in_plays(
                connection, lake, changes, listening, damaged, full_refresh=not state.is_there
            )
            damaged = _take_in_releases(
                connection,
                lake,
                changes,
                releases,
                damaged,
                full_refresh=not state.is_there,
            )
            damaged = _take_in_comments(
                connection, lake, changes, comments, damaged, full_refresh=not state.is_there
            )
            damaged = _take_in_predictions(connection, lake, changes, predictions, damaged)
            connection.begin()
            _append(connection, changes.grown)
            _note(connection, changes.news, overtaken, damaged)
            connection.commit()
            rows = _counted(connection)
    for day in changes.news.gone:
        lake.drop_cached(day)
    waiting = sorted({*changes.news.incomplete, *changes.news.under_way, *overtaken})
    return Published(path, rows, loaded, waiting, damaged)


def _take_in(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: Changes,
    state: State,
    queries: Queries,
) -> tuple[list[GenreDay], list[GenreDay], pl.DataFrame]:
    """The catalog, but for what is damaged.

    Returns:
        The genre-days that were loaded, those that were purged or rewritten while they were to be
        read, and the files that are damaged.
    """
    overtaken: set[GenreDay] = set()
    damaged, full_refresh = changes.damaged, not state.is_there
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


def _take_in_plays(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: Changes,
    listening: Listening | None,
    damaged: pl.DataFrame,
    *,
    full_refresh: bool,
) -> pl.DataFrame:
    """The listening history; where a file of it is damaged, its tables stay as they were.

    A file that is made again has no such tables: there the damaged part alone is left out.

    Returns:
        The files that are damaged, of all that was loaded.
    """
    files = changes.history
    if listening is None or files is None:
        return damaged
    if not (changes.history_changed or _is_outdated(connection, listening)):
        return damaged
    while True:
        connection.begin()
        try:
            plays.load(connection, lake, files, listening)
        except DamagedFile as error:
            connection.rollback()
            damaged = pl.concat([damaged, _as_damaged(lake, files, error)])
            if not full_refresh:
                return damaged
            folder = f"/{error.path.parent.name}/"
            files = files.filter(~pl.col("file").str.contains(folder, literal=True))
        else:
            connection.commit()
            return damaged


def _take_in_releases(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: Changes,
    releases: Releases | None,
    damaged: pl.DataFrame,
    *,
    full_refresh: bool,
) -> pl.DataFrame:
    """The files of releases; as with plays, where one is damaged the tables stay as they were."""
    files = changes.releases
    if releases is None or files is None:
        return damaged
    while True:
        connection.begin()
        try:
            downloads.load(connection, lake, files, releases)
        except DamagedFile as error:
            connection.rollback()
            damaged = pl.concat([damaged, downloads.as_damaged(lake, error)])
            if not full_refresh:
                return damaged
            files = files.filter(pl.col("file") != lake.relative(error.path))
        else:
            connection.commit()
            return damaged


def _take_in_comments(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: Changes,
    comments: Comments | None,
    damaged: pl.DataFrame,
    *,
    full_refresh: bool,
) -> pl.DataFrame:
    """The comments; as with plays, where a file is damaged the tables stay as they were."""
    files = changes.comments
    if comments is None or files is None or not (changes.comments_changed or full_refresh):
        return damaged
    while True:
        connection.begin()
        try:
            of_comments.load(connection, lake, files, comments)
        except DamagedFile as error:
            connection.rollback()
            damaged = pl.concat([damaged, of_comments.as_damaged(lake, files, error)])
            if not full_refresh:
                return damaged
            files = files.filter(pl.col("file") != lake.relative(error.path))
        else:
            connection.commit()
            return damaged


def _take_in_predictions(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    changes: Changes,
    predictions: Predictions | None,
    damaged: pl.DataFrame,
) -> pl.DataFrame:
    """What is estimated from the releases, without the models and predictions that are damaged."""
    if predictions is None or (changes.releases is None and not changes.predictions_changed):
        return damaged
    files = changes.predictions
    while True:
        connection.begin()
        try:
            estimates.load(connection, lake, files, predictions)
        except DamagedFile as error:
            connection.rollback()
            damaged = pl.concat([damaged, estimates.as_damaged(lake, error)])
            files = files.filter(pl.col("file") != lake.relative(error.path))
        else:
            connection.commit()
            return damaged


def _as_damaged(lake: Lake, files: pl.DataFrame, error: DamagedFile) -> pl.DataFrame:
    """A file of the listening history as `DamagedFiles`."""
    exactly = files.filter(pl.col("file") == lake.relative(error.path))
    # What is known of an export file lies beside its raw rows; its typed rows stand for it.
    folder = f"{STREAMS.replace('.', '/')}/{error.path.parent.name}/"
    typed = files.filter(pl.col("file").str.starts_with(folder))
    [file, *_] = pl.concat([exactly, typed]).drop("modified_ns").to_dicts()
    return damaged_files([{**file, "genre": None, "date": None, "reason": str(error)}])


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


def _is_outdated(connection: duckdb.DuckDBPyConnection, listening: Listening) -> bool:
    """Whether the catalog knows more of what was played than the file says."""
    return bool(connection.execute(listening.is_outdated).fetchall()[0][0])


_EMPTY: dict[str, bytes] = {}
"""The empty warehouse of each definition that this process has made: 600 statements make one."""


def _create(definition: str, listening: Listening | None, path: Path) -> None:
    """Make the file of a warehouse that has all tables and macros, and no rows."""
    if definition in _EMPTY:
        path.write_bytes(_EMPTY[definition])
        return
    with opened(path) as connection:
        connection.begin()
        create(connection, WAREHOUSE.values())
        create_macros(connection, listening.time_zone if listening else "UTC")
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
    return {name: connection.table(name).count("*").fetchall()[0][0] for name in WAREHOUSE}


def _hash(
    queries: Queries,
    listening: Listening | None,
    releases: Releases | None,
    predictions: Predictions | None,
    comments: Comments | None,
) -> str:
    columns = {name: (one.columns(), one.key(), one.grain()) for name, one in WAREHOUSE.items()}
    about = {name: contract.description() for name, contract in WAREHOUSE.items()}
    sql = {contract.table(): query.sql for contract, query in queries.items()}
    plays = (listening.version, listening.time_zone) if listening else ()
    how = (*plays, *(one.version for one in (releases, predictions, comments) if one))
    return hashlib.sha256(
        repr((columns, about, sql, how, list(macros().values()))).encode()
    ).hexdigest()
