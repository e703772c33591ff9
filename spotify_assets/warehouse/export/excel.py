"""The rows of a query as the one sheet of an Excel file.

Belongs here: what Excel takes, and what becomes of the rest. Does not belong here: other formats.
"""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.export.projection import NESTED, as_json, projected

XLSX_ROWS = 1_048_575
"""Rows of a sheet of Excel below its header."""


XLSX_DIGITS = 15
"""Excel keeps so many digits of a number, and makes zeros of the rest."""


BATCH_ROWS = 10_000


def write_xlsx(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> int:
    """Write the rows as the one sheet of an Excel file; how many."""
    names = connection.sql(query).columns
    rows = projected(connection, query, _for_excel)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE exported AS FROM ({rows}\n) LIMIT {XLSX_ROWS + 1}"
    )
    count = int(connection.execute("SELECT count(*) FROM exported").fetchall()[0][0])
    if count > XLSX_ROWS:
        raise WarehouseError(
            f"A sheet of Excel takes {XLSX_ROWS:,} rows, and here are more. Nothing was written. "
            "Narrow the query, or write .csv or .parquet."
        )
    options = {"constant_memory": True, "tmpdir": str(target.parent)}
    workbook = xlsxwriter.Workbook(target, options)
    workbook.use_zip64()
    sheet = workbook.add_worksheet("export")
    sheet.freeze_panes(1, 0)
    # So wide that a time is shown and not ####.
    sheet.set_column(0, len(names) - 1, 20)
    header = workbook.add_format({"bold": True})
    for place, name in enumerate(names):
        sheet.write_string(0, place, name, header)
    put = _putter(sheet, workbook)
    held = connection.execute("FROM exported")
    batches = iter(lambda: held.fetchmany(BATCH_ROWS), [])
    for number, row in enumerate((row for batch in batches for row in batch), start=1):
        for place, value in enumerate(row):
            if put(number, place, value) != 0:
                raise WarehouseError(
                    f"Excel does not take row {number}, column {names[place]}: texts have at most "
                    "32,767 characters. Nothing was written. Write .csv or .parquet."
                )
    workbook.close()
    return count


def _putter(sheet: Any, workbook: Any) -> Callable[[int, int, Any], int]:
    """What writes a value into a cell; not 0 where Excel does not take it."""
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def put(row: int, column: int, value: Any) -> int:
        match value:
            case None:
                done = 0
            case bool():
                done = sheet.write_boolean(row, column, value)
            case int() | float() | Decimal() if _is_kept(value):
                done = sheet.write_number(row, column, value)
            case dt.date() if value.year >= 1900:  # noqa: PLR2004 - where Excel's days begin
                of_type = moment if isinstance(value, dt.datetime) else day
                done = sheet.write_datetime(row, column, value, of_type)
            case _:
                # Never as a formula or link, whatever it begins with.
                done = sheet.write_string(row, column, str(value))
        return int(done)

    return put


def _is_kept(number: float | Decimal) -> bool:
    """Whether Excel keeps all digits."""
    if isinstance(number, float):
        return math.isfinite(number)
    return len(Decimal(number).as_tuple().digits) <= XLSX_DIGITS


def _for_excel(kind: str, it: str) -> str:
    if kind in NESTED:
        return as_json(it)
    if kind == "timestamp with time zone":
        return f"timezone('UTC', {it})"
    if kind.startswith("timestamp"):
        return f"{it}::TIMESTAMP"
    is_number = kind in ("float", "double", "decimal") or kind.endswith(("int", "integer"))
    return it if is_number or kind in ("boolean", "date") else f"{it}::VARCHAR"
