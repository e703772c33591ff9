"""``query`` and ``explain``: ask the warehouse."""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import duckdb
import polars as pl
import typer

from spotify_assets import explain as explaining
from spotify_assets.commands.ending import FAILED, USAGE, settings_or_stop, stop
from spotify_assets.explain import Explanation, Exported
from spotify_assets.lake import LakeError
from spotify_assets.lake.exchanges import Exchange
from spotify_assets.terminal import out, show_record, show_table
from spotify_assets.warehouse.errors import WarehouseError
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
) -> None:
    """Ask the warehouse, read-only; rows go to the standard output."""
    try:
        with read_only(settings_or_stop().database) as connection:
            result = connection.sql(sql)
            if result is None:
                stop("That is no query: it gives no rows.", USAGE)
            rows = result.pl()
    except WarehouseError as error:
        stop(str(error), FAILED)
    except duckdb.Error as error:
        stop(f"DuckDB does not take that query: {error}", USAGE)
    match as_:
        case Format.csv:
            _write(_without_lists(rows).write_csv())
        case Format.json:
            _write(rows.write_json() + "\n")
        case Format.parquet:
            rows.write_parquet(sys.stdout.buffer)
        case Format.table:
            show_table("", rows.columns, rows.iter_rows())


def _write(text: str) -> None:
    """As UTF-8, whatever the terminal: it is data for a program or a file."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())


def explain(
    table: Annotated[str, typer.Argument(help="Table, e.g. rankings.top_tracks.")],
    key: Annotated[list[str], typer.Argument(help="Its key, e.g. rock 2026-11-20 1.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="Print the response as it came, byte for byte.")
    ] = False,
) -> None:
    """Walk from a row back to the response or the row of an export, and print it."""
    settings = settings_or_stop()
    try:
        found = explaining.explain(settings.lake, settings.database, table, key)
    except explaining.UnknownKey as error:
        stop(str(error), USAGE)
    except (explaining.CannotExplain, WarehouseError, LakeError, OSError) as error:
        stop(str(error), FAILED)
    if whole:
        sys.stdout.buffer.write(found.whole)
        return
    show_record(found.table, found.row)
    if found.origin != found.table:
        show_record(f"made from {found.origin}", found.origin_row)
    place = {"file": found.source_file, "line": found.source_line}
    if isinstance(found.source, Exchange):
        show_record("read from the response to", _asked(found, found.source) | place)
    else:
        show_record("read from the export", _imported(found, found.source) | place)
    out.print_json(json.dumps(found.shown, ensure_ascii=False))


def _asked(found: Explanation, exchange: Exchange) -> dict[str, Any]:
    """What was asked, when, by whom, and how it was answered."""
    request, response = exchange.request, exchange.response
    return {
        "request": f"GET {request.path} {json.dumps(dict(request.params), ensure_ascii=False)}",
        "status": response.status,
        "requested at": response.requested_at.isoformat(),
        "asked by run": found.run_id or "unknown",
        "code version": found.code_version or "not kept",
    }


def _imported(found: Explanation, exported: Exported) -> dict[str, Any]:
    """Of which file the row is, and when that was imported."""
    return {
        "export file": exported.facts["file_name"],
        "imported at": exported.facts["imported_at"],
        "code version": found.code_version or "not kept",
    }


def _without_lists(rows: pl.DataFrame) -> pl.DataFrame:
    """Lists as JSON, because a CSV field is one value."""
    nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    return rows.with_columns(
        pl.Series(
            name,
            [
                None if v is None else json.dumps(v.to_list(), ensure_ascii=False, default=str)
                for v in rows[name]
            ],
        )
        for name in nested
    )
