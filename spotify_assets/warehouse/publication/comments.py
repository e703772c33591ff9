"""The comments in the DuckDB file: loaded whole whenever a file of them changed.

Belongs here: reading their files from the lake, storing the tables made of them. Does not belong
here: which comment is which, and what holds of it (`transforms.comments`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from spotify_assets.lake import DamagedFile, Lake, comment_decisions
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.schemas import COMMENTS, Contract, comments
from spotify_assets.warehouse.publication.domain import Domain, listed
from spotify_assets.warehouse.publication.integrity import hold
from spotify_assets.warehouse.publication.releases import Releases
from spotify_assets.warehouse.publication.rows import (
    leaving_nothing,
    nothing,
    replace,
    replace_by_query,
)
from spotify_assets.warehouse.reading import is_readable, naming_damage
from spotify_assets.warehouse.tables import literal

AS_THEY_ARE: Mapping[type[Contract], str] = {
    comments.Evaluations: lake_of_comments.EVALUATIONS,
    comments.Confusion: lake_of_comments.CONFUSION,
}
"""Tables that are in the file as they are in the lake."""
BATCHES = (
    "SELECT NULL::VARCHAR AS batch_id, NULL::TIMESTAMP AS received_at, NULL::VARCHAR AS came_by, "
    "NULL::VARCHAR AS source, NULL::VARCHAR AS file_name, NULL::VARCHAR[] AS left_out, "
    "NULL::BIGINT AS received WHERE false"
)


@dataclass(frozen=True)
class Comments(Domain):
    """How the tables of comments are made."""

    sources = comments.CommentSources
    lake_tables = frozenset({lake_of_comments.COMMENTS})
    follows = (Releases,)

    derive: Callable[[duckdb.DuckDBPyConnection, str | None], None]
    """Makes the temporary tables that ``made`` names; takes the text of the own topics too."""
    made: Mapping[type[Contract], str]
    """For each table the temporary one that holds its rows."""

    @staticmethod
    def there(lake: Lake) -> pl.DataFrame:
        """As `Domain.there`."""
        return listed(lake, lake_of_comments.files(lake), comments.CommentSources)

    def load(self, connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame) -> None:
        """As `Domain.load`."""
        paths = [lake.root / file for file in files["file"]]
        tables = [one for one in paths if one.suffix == ".parquet"]
        with leaving_nothing(connection):
            with naming_damage(tables, lake_of_comments.REMAKE):
                _provide(connection, lake, paths)
                self.derive(connection, _own_topics(lake, paths))
                for contract, table in AS_THEY_ARE.items():
                    rows = _rows(lake, paths, table, nothing(contract))
                    replace_by_query(connection, contract, rows)
            for contract, made in self.made.items():
                replace_by_query(connection, contract, f"FROM {made}")
        hold(connection, COMMENTS)
        replace(connection, comments.CommentSources, files)

    @staticmethod
    def is_damaged(lake: Lake, file: str) -> bool:
        """As `Domain.is_damaged`."""
        path = lake.root / file
        try:
            if path.suffix == ".jsonl":
                comment_decisions.decisions([path])
            elif path.suffix == ".toml":
                path.read_text(encoding="utf-8")
        except (DamagedFile, OSError, UnicodeDecodeError):
            return True
        return path.suffix == ".parquet" and not is_readable(path)

    def is_outdated(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether they were never made: topics and categories are there without a comment."""
        return connection.table(comments.Categories.table()).limit(1).fetchone() is None


def _provide(connection: duckdb.DuckDBPyConnection, lake: Lake, paths: Sequence[Path]) -> None:
    """The sources that `transforms.comments.derive` names."""
    views = {
        "received_comments": (lake_of_comments.RECEIVED, nothing(comments.ReceivedComments)),
        "unreadable_comments": (
            lake_of_comments.QUARANTINED,
            nothing(comments.QuarantinedComments),
        ),
        "received_batches": (lake_of_comments.BATCHES, BATCHES),
        "text_labels": (lake_of_comments.TEXT_LABELS, nothing(comments.TextLabels)),
    }
    for name, (table, empty) in views.items():
        connection.execute(f"CREATE TEMP VIEW {name} AS {_rows(lake, paths, table, empty)}")
    decided = _decisions([one for one in paths if one.suffix == ".jsonl"])
    connection.register("made", decided.to_arrow())
    connection.execute("CREATE TEMP TABLE decided AS FROM made")
    connection.unregister("made")


def _rows(lake: Lake, paths: Sequence[Path], table: str, empty: str) -> str:
    """A query for the rows of a table of the lake."""
    folder = lake_of_comments.folder(lake, table)
    listed = [literal(str(one)) for one in paths if one.is_relative_to(folder)]
    if not listed:
        return empty
    return f"FROM read_parquet([{', '.join(listed)}], hive_partitioning = false)"


def _decisions(files: Sequence[Path]) -> pl.DataFrame:
    schema = comments.Decisions.polars_schema()
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    for one in comment_decisions.decisions(files):
        for name in schema:
            columns[name].append(one.get(name))
    frame = pl.DataFrame(columns, schema={**schema, "decided_at": pl.String()})
    at = pl.col("decided_at").str.to_datetime("%+", time_zone="UTC")
    return frame.with_columns(at.dt.replace_time_zone(None).dt.cast_time_unit("us"))


def _own_topics(lake: Lake, paths: Sequence[Path]) -> str | None:
    file = comment_decisions.vocabulary_file(lake)
    if file not in paths:
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedFile(file, "written", "Restore it, or delete it.") from error
