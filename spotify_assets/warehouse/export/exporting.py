"""What a query gives, as a file in the format that its ending says.

Belongs here: one result. Does not belong here: the whole file (``archive``), and what is shown.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from spotify_assets.lake.errors import writing
from spotify_assets.warehouse.asking import one_query, refusing
from spotify_assets.warehouse.export.csv_fields import for_csv
from spotify_assets.warehouse.export.excel import write_xlsx
from spotify_assets.warehouse.export.placing import beside, disk_errors, refuse_existing
from spotify_assets.warehouse.inventory import WrongRequest, entries, find, rows_of
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import literal

CSV, XLSX = ".csv", ".xlsx"
COPY_OPTIONS = {
    CSV: "FORMAT csv, HEADER",
    ".json": "FORMAT json, ARRAY",
    ".ndjson": "FORMAT json",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
}


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
    query = one_query(connection, what)
    if len(connection.extract_statements(query)) > 1:
        raise WrongRequest(
            "An export needs to know its columns: say in the PIVOT which, as in ON genre IN (…)."
        )
    return query


def export(
    database: Path, what: str, target: Path, *, force: bool = False, exact: bool = False
) -> Written:
    """Write a table, a view or what a query gives; the file appears by one rename.

    Args:
        database: The DuckDB file that is asked.
        what: The name of a table or view, or a query. The order of a query is kept; a table is
            ordered by its key.
        target: Its ending is the format. Lists are JSON in CSV and Excel, where a field is one
            value. In Excel, times with a zone are in UTC, and numbers of more than 15 digits and
            days before 1900 are texts.
        force: Replace what is there.
        exact: In CSV, also texts that a spreadsheet takes for formulas stand as they are.

    Raises:
        WrongRequest: The ending is of no format, the file is there, or DuckDB does not take the
            query.
        WarehouseError: There is no warehouse, or there are more rows, or longer texts, than Excel
            takes.
        LakeError: The file cannot be written; nothing is left of it.
    """
    form = target.suffix.lower()
    if form not in (*COPY_OPTIONS, XLSX):
        endings = ", ".join((*COPY_OPTIONS, XLSX))
        raise WrongRequest(f"{target} has an ending of no format. There are: {endings}.")
    refuse_existing(target, force=force)
    with writing(target, "the export"), beside(target) as scratch:
        temporary = scratch / f"export{form}"
        with read_only(database, scratch) as connection:
            query = query_of(connection, what)
            with refusing(), disk_errors():
                if form == XLSX:
                    rows = write_xlsx(connection, query, temporary)
                elif form == CSV:
                    rows = copy(connection, for_csv(connection, query, exact=exact), temporary)
                else:
                    rows = copy(connection, query, temporary)
        temporary.replace(target)
    return Written(target, rows, target.stat().st_size)


def copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Let DuckDB write the rows; how many."""
    options = COPY_OPTIONS[target.suffix]
    # A line of its own: the query may end with a comment.
    done = connection.execute(f"COPY (FROM ({query}\n)) TO {literal(str(target))} ({options})")
    return int(done.fetchall()[0][0])
