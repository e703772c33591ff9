"""What a query gives, as a file in the format that its ending says.

Belongs here: one result. Does not belong here: the whole file (``archive``), and what is shown.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from spotify_assets.lake.errors import writing
from spotify_assets.warehouse.excel import write_xlsx
from spotify_assets.warehouse.inventory import WrongRequest, entries, find, rows_of
from spotify_assets.warehouse.placing import beside, disk_errors, refuse_existing
from spotify_assets.warehouse.projection import NESTED, as_json, projected
from spotify_assets.warehouse.tables import literal

COPY_OPTIONS = {
    ".csv": "FORMAT csv, HEADER",
    ".json": "FORMAT json, ARRAY",
    ".ndjson": "FORMAT json",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}


XLSX = ".xlsx"


@dataclass(frozen=True)
class Written:
    """A file that was written."""

    path: Path
    rows: int
    bytes: int


def query_of(connection: duckdb.DuckDBPyConnection, what: str) -> str:
    """The query that ``what`` stands for: the name of a table or view, or a query itself.

    Raises:
        WrongRequest: It is neither.
    """
    if re.fullmatch(r"[\w.]+", what):
        entry = find(entries(connection), what)
        if "macro" in entry.kind:
            call = f'"FROM {entry.full_name}(…)"' if entry.kind == "table macro" else "a query"
            raise WrongRequest(
                f"{what} is a macro: write {call} with its parameters. "
                f"`spotify-assets describe {what}` shows them."
            )
        return rows_of(connection, entry)
    try:
        statements = connection.extract_statements(what)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise WrongRequest("That is not one query: write one, or the name of a table or view.")
        query = statements[0].query.strip().rstrip(";")
        connection.sql(query)
    except duckdb.Error as error:
        raise _not_taken(error) from error
    return str(query)


def export(
    connection: duckdb.DuckDBPyConnection, query: str, target: Path, *, force: bool = False
) -> Written:
    """Write what a query gives; the file appears by one rename.

    Args:
        connection: To the file that is asked.
        query: Of `query_of`. Its order is kept.
        target: Its ending is the format. Lists are JSON in CSV and Excel, where a field is one
            value. In Excel, times with a zone are in UTC, and numbers of more than 15 digits and
            days before 1900 are texts.
        force: Replace what is there.

    Raises:
        WrongRequest: The ending is of no format, the file is there, or DuckDB does not take the
            query.
        WarehouseError: There are more rows, or longer texts, than Excel takes.
        LakeError: The file cannot be written; nothing is left of it.
    """
    form = target.suffix.lower()
    if form not in (*COPY_OPTIONS, XLSX):
        endings = ", ".join((*COPY_OPTIONS, XLSX))
        raise WrongRequest(f"{target} has an ending of no format. There are: {endings}.")
    refuse_existing(target, force=force)
    try:
        with writing(target, "the export"), beside(target) as scratch, disk_errors():
            temporary = scratch / f"export{form}"
            if form == XLSX:
                rows = write_xlsx(connection, query, temporary)
            else:
                rows = copy(connection, query, temporary)
            temporary.replace(target)
    except duckdb.Error as error:
        raise _not_taken(error) from error
    return Written(target, rows, target.stat().st_size)


def copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Let DuckDB write the rows; how many."""
    if target.suffix == ".csv":
        query = projected(connection, query, lambda kind, it: as_json(it) if kind in NESTED else it)
    options = COPY_OPTIONS[target.suffix]
    # A line of its own: the query may end with a comment.
    done = connection.execute(f"COPY (FROM ({query}\n)) TO {literal(str(target))} ({options})")
    return int(done.fetchall()[0][0])


def _not_taken(error: duckdb.Error) -> WrongRequest:
    return WrongRequest(f"DuckDB does not take that query: {error}")
