"""The listening history in the DuckDB file: loaded whole whenever a file of it changed.

Belongs here: reading its files from the lake, storing the tables made of them. Does not belong
here: which rows are the same play (`transforms.listening`).
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from spotify_assets.warehouse.publication.domain import Domain
from spotify_assets.warehouse.publication.integrity import hold
from spotify_assets.warehouse.publication.rows import (
    leaving_nothing,
    nothing,
    replace,
    replace_by_query,
)
from spotify_assets.warehouse.reading import is_readable, naming_damage
from spotify_assets.warehouse.tables import literal

LOADED: tuple[type[Contract], ...] = (
    listening.Plays,
    listening.Polls,
    listening.QuarantinedPlays,
)
"""Tables that are in the file as they are in the lake."""
READ: tuple[type[Contract], ...] = (listening.Streams, *LOADED)
FACTS = ("file_name", "imported_at", "package", "bytes", "records")
LATER_FACTS = ("media", "part", "account", "downloads", "shows", "ends_early")
"""What a version before did not note: not known there."""
REMEDY = (
    "If it is of an export, delete its folder and import the export again. If it is of polls, "
    "materialize processed/plays of its day."
)
MEMORY = "1GiB"
"""What DuckDB may take while it makes the tables; what does not fit goes to the disk."""


@dataclass(frozen=True)
class Listening(Domain):
    """How the tables of plays are made."""

    sources = HistoryFiles
    lake_tables = frozenset({STREAMING_HISTORY, *(contract.table() for contract in READ)})

    derive: Callable[[duckdb.DuckDBPyConnection], None]
    """Makes the temporary tables that ``made`` names, of what `load` provides."""
    made: Mapping[type[Contract], str]
    """For each table the temporary one that holds its rows."""
    outdated: str
    """A query; it counts what the catalog knows of played tracks and the file does not."""

    @staticmethod
    def there(lake: Lake) -> pl.DataFrame:
        """As `Domain.there`."""
        found = [
            (file, contract.table())
            for contract in READ
            for file in sorted(history_folder(lake, contract.table(), "").glob(f"*/{ROWS_FILE}"))
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

    def load(self, connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame) -> None:
        """As `Domain.load`.

        Raises:
            WarehouseError: A table breaks its contract, or an export file does not add up.
            DamagedFile: A file of the history is not as it was written.
        """
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        with leaving_nothing(connection):
            with naming_damage([lake.root / file for file in files["file"]], REMEDY):
                for contract in LOADED:
                    replace_by_query(connection, contract, _rows_of(lake, files, contract))
                _provide(connection, lake, files)
                self.derive(connection)
            for contract, made in self.made.items():
                replace_by_query(connection, contract, f"FROM {made}")
        hold(connection, LISTENING)
        _hold_to_account(connection)
        replace(connection, HistoryFiles, files)

    @staticmethod
    def is_damaged(lake: Lake, file: str) -> bool:
        """As `Domain.is_damaged`."""
        path = lake.root / file
        is_typed = path.parent.parent == history_folder(lake, STREAMS, "")
        is_facts = path.name == FACTS_FILE
        try:
            if is_typed or is_facts:
                _facts(facts_file(lake, path.parent.name.partition("=")[2]))
        except DamagedFile:
            return True
        return not (is_facts or is_readable(path))

    @classmethod
    def lake_table(cls, file: str, files: pl.DataFrame) -> str:
        """As `Domain.lake_table`."""
        return str(files.filter(pl.col("file") == file)["table_name"].item())

    @staticmethod
    def hit_by(lake: Lake, files: pl.DataFrame, error: DamagedFile) -> pl.DataFrame:  # noqa: ARG004
        """All of an export file: what is known of it lies beside its raw rows."""
        folder = f"/{error.path.parent.name}/"
        # Its typed rows stand for it.
        is_typed = pl.col("table_name") == STREAMS
        hit = files.filter(pl.col("file").str.contains(folder, literal=True))
        return hit.sort(is_typed, descending=True)

    def is_outdated(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether the catalog knows more of what was played than the file says."""
        return bool(connection.execute(self.outdated).fetchall()[0][0])


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


def _hold_to_account(connection: duckdb.DuckDBPyConnection) -> None:
    wrong = connection.execute(
        "SELECT file_name, received, counted + short + skipped + podcast + audiobook + local_file "
        "+ incognito + duplicate + unreadable AS told FROM monitoring.imports "
        "WHERE received <> told"
    ).fetchall()
    if wrong:
        said = "; ".join(f"{name}: {received} rows, {told} told" for name, received, told in wrong)
        raise WarehouseError(f"Nothing was published: export files do not add up. {said}.")
