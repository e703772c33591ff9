"""``query``: ask the warehouse.

Belongs here: the formats on a terminal. Does not belong here: what may be asked (`asking`).
"""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.export import Exact
from spotify_assets.commands.terminal import out, show_table, write
from spotify_assets.warehouse.asking import one_query, refusing
from spotify_assets.warehouse.export.csv_fields import for_csv
from spotify_assets.warehouse.reading import read_only


class Format(StrEnum):
    """How the rows of a query are shown."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def query(
    sql: Annotated[str, typer.Argument(help="A query in DuckDB's SQL.")],
    as_: Annotated[Format, typer.Option("--format", "-f", help="How to print.")] = Format.table,
    exact: Exact = False,
) -> None:
    """Ask the warehouse, read-only; rows go to the standard output.

    One query, of the warehouse alone. In CSV, texts that a spreadsheet would compute as formulas
    (they begin with = + - @) get an apostrophe before them, unless you say --exact; numbers stay
    numbers.
    """
    with read_only(settings_or_stop(secrets=False).database) as connection:
        query = one_query(connection, sql)
        if as_ is Format.csv:
            query = for_csv(connection, query, exact=exact)
        with refusing():
            found = connection.sql(query)
            if as_ is Format.table:
                # Not by way of polars and pyarrow, whose import takes as long as all the rest.
                columns, listed = found.columns, found.fetchall()
            else:
                rows = found.pl()
    match as_:
        case Format.csv:
            write(rows.write_csv())
        case Format.json:
            write(rows.write_json() + "\n")
        case Format.parquet:
            if out.is_terminal:
                stop("Parquet is not for a terminal: put > FILE behind the command.", USAGE)
            rows.write_parquet(sys.stdout.buffer)
        case Format.table:
            show_table("", columns, listed)
