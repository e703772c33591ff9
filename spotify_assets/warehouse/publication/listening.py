"""The listening history in the DuckDB file: loaded whole whenever a file of it changed.

Belongs here: reading its files from the lake, storing the tables made of them. Does not belong
here: which rows are the same play (`transforms.listening`).
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl

from spotify_assets.lake import DamagedFile, Lake
from spotify_assets.lake.history import (
    FACTS_FILE,
    STREAMING_HISTORY,
    STREAMS,
    facts_file,
    file_folder,
    history_folder,
)
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.schemas import LISTENING, Contract, listening
from spotify_assets.schemas.monitoring import HistoryFiles
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.publication.integrity import hold, hold_to_contract
from spotify_assets.warehouse.reading import is_readable, naming_damage
from spotify_assets.warehouse.tables import TYPES, literal, quoted

LOADED: tuple[type[Contract], ...] = (
    listening.Plays,
    listening.Polls,
    listening.QuarantinedPlays,
)
"""Tables that are in the file as they are in the lake."""
FACTS = ("file_name", "imported_at", "package", "bytes", "records")
LATER_FACTS = ("media", "part", "account", "downloads", "shows", "ends_early")
"""What a version before did not note: not known there."""
BATCH_ROWS = 1_000_000
REMEDY = (
    "If it is of an export, delete its folder and import the export again. If it is of polls, "
    "materialize processed/plays of its day."
)
MEMORY = "1GiB"
"""What DuckDB may take while it makes the tables; what does not fit goes to the disk."""


@dataclass(frozen=True)
class Listening:
    """How the tables of plays are made."""

    derive: Callable[[duckdb.DuckDBPyConnection], None]
    """Makes the temporary tables that ``made`` names, of what `load` provides."""
    made: Mapping[type[Contract], str]
    """For each table the temporary one that holds its rows."""
    is_outdated: str
    """A query; it counts what the catalog knows of played tracks and the file does not."""
    time_zone: str
    """IANA name of the listener's time zone."""
    version: str
    """Another one makes the file again."""


def there(lake: Lake) -> pl.DataFrame:
    """The files of the listening history in the lake, as `HistoryFiles`."""
    tables = [STREAMS, *(contract.table() for contract in LOADED)]
    found = [
        (file, table)
        for table in tables
        for file in sorted(history_folder(lake, table, "").glob(f"*/{ROWS_FILE}"))
    ]
    # A file is imported from its typed rows on: what else there is of others is half made.
    imported = {file.parent.name for file, table in found if table == STREAMS}
    facts = [
        (file, STREAMING_HISTORY)
        for file in sorted(history_folder(lake, STREAMING_HISTORY, "").glob(f"*/{FACTS_FILE}"))
    ]
    return pl.DataFrame(
        [
            (lake.relative(file), table, stat.st_size, stat.st_mtime_ns)
            for file, table in [*found, *facts]
            if file.parent.name in imported or not file.parent.name.startswith(file_folder(""))
            for stat in [file.stat()]
        ],
        schema=HistoryFiles.polars_schema(),
        orient="row",
    )


def is_damaged(lake: Lake, file: str) -> bool:
    """Whether a file of `there`, or what is known of it, cannot be read."""
    path = lake.root / file
    is_typed = path.parent.parent == history_folder(lake, STREAMS, "")
    is_facts = path.name == FACTS_FILE
    try:
        if is_typed or is_facts:
            _facts(facts_file(lake, path.parent.name.partition("=")[2]))
    except DamagedFile:
        return True
    return not (is_facts or is_readable(path))


def load(
    connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame, how: Listening
) -> None:
    """Make all tables of the listening history again.

    Args:
        connection: To the copy that will be published, in a transaction.
        lake: Holds the files.
        files: Of `there`.
        how: What is made of them.

    Raises:
        WarehouseError: A table breaks its contract, or an export file does not add up.
        DamagedFile: A file of the history is not as it was written.
    """
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    before = temporary(connection)
    with naming_damage([lake.root / file for file in files["file"]], REMEDY):
        for contract in LOADED:
            replace_rows(connection, contract, _rows_of(lake, files, contract))
        _provide(connection, lake, files)
        how.derive(connection)
    for contract, made in how.made.items():
        replace_rows(connection, contract, f"FROM {made}")
    hold(connection, LISTENING)
    _hold_to_account(connection)
    connection.register("files", files.to_arrow())
    replace_rows(connection, HistoryFiles, "FROM files")
    connection.unregister("files")
    for name, kind in temporary(connection) - before:
        connection.execute(f'DROP {kind} temp."{name}"')


def temporary(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Names and kinds of what goes with the connection."""
    return set(
        connection.execute(
            "SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary UNION ALL "
            "SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary AND NOT internal"
        ).fetchall()
    )


def _provide(connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame) -> None:
    """`typed_rows` and `import_files`: every row of every export file, and the files in order."""
    # Rows that an older version typed, and this one could not type again, lack columns.
    connection.execute(
        f"CREATE TEMP VIEW typed_rows AS {nothing(listening.Streams)} "
        f"UNION ALL BY NAME {_rows_of(lake, files, listening.Streams)}"
    )
    imported = pl.DataFrame(
        sorted(_import_files(lake, files), key=lambda one: (one[3], one[2], one[0])),
        schema={
            "file_id": pl.String,
            "raw_file": pl.String,
            "file_name": pl.String,
            "imported_at": pl.Datetime("us"),
            "package": pl.String,
            "bytes": pl.Int64,
            "received": pl.Int64,
            "media": pl.String,
            "part": pl.Int32,
            "account": pl.String,
            "downloads": pl.List(pl.String),
            "shows": pl.List(pl.String),
            "ends_early": pl.Boolean,
        },
        orient="row",
    ).with_row_index("file_number", offset=1)
    connection.register("imported", imported.to_arrow())
    connection.execute("CREATE TEMP TABLE import_files AS FROM imported")
    connection.unregister("imported")


def _import_files(lake: Lake, files: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    for file in files.filter(pl.col("table_name") == STREAMS)["file"]:
        file_id = Path(file).parent.name.partition("=")[2]
        path = facts_file(lake, file_id)
        facts = _facts(path)
        at = dt.datetime.fromisoformat(facts["imported_at"]).astimezone(dt.UTC)
        yield (
            file_id,
            lake.relative(path.with_name(ROWS_FILE)),
            facts["file_name"],
            at.replace(tzinfo=None),
            facts["package"],
            facts["bytes"],
            facts["records"],
            *(facts[name] for name in LATER_FACTS),
        )


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told = {name: facts[name] for name in FACTS}
        return told | {name: facts.get(name) for name in LATER_FACTS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        streams = f"processed/streams/{path.parent.name}"
        remedy = f"Delete its folder and {streams}, then import the export again."
        raise DamagedFile(path, "written", remedy) from error


def _rows_of(lake: Lake, files: pl.DataFrame, contract: type[Contract]) -> str:
    """A query for the rows of a table of the lake."""
    paths = files.filter(pl.col("table_name") == contract.table())["file"]
    if paths.is_empty():
        return nothing(contract)
    listed = ", ".join(literal(str(lake.root / path)) for path in paths)
    return f"FROM read_parquet([{listed}], hive_partitioning = false, union_by_name = true)"


def nothing(contract: type[Contract]) -> str:
    """A query with the columns of a table, and no rows."""
    columns = ", ".join(f'NULL::{TYPES[c.dtype]} AS "{c.name}"' for c in contract.columns())
    return f"SELECT {columns} WHERE false"


def replace_rows(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], rows: str
) -> None:
    """Make what a query gives the rows of a table.

    Raises:
        WarehouseError: They break its contract.
    """
    connection.execute(f"DELETE FROM {quoted(contract)}")
    connection.execute(f"INSERT INTO {quoted(contract)} BY NAME {rows}")
    # In batches: as a frame, ten million plays would take some GiB.
    reader = connection.sql(f"FROM {quoted(contract)}").to_arrow_reader(BATCH_ROWS)
    for batch in reader:
        hold_to_contract(contract, cast(pl.DataFrame, pl.from_arrow(batch)))


def _hold_to_account(connection: duckdb.DuckDBPyConnection) -> None:
    wrong = connection.execute(
        "SELECT file_name, received, counted + short + skipped + podcast + audiobook + local_file "
        "+ incognito + duplicate + unreadable AS told FROM monitoring.imports "
        "WHERE received <> told"
    ).fetchall()
    if wrong:
        said = "; ".join(f"{name}: {received} rows, {told} told" for name, received, told in wrong)
        raise WarehouseError(f"Nothing was published: export files do not add up. {said}.")
