"""A query as CSV takes it, where every field is one value and a spreadsheet may open the file.

Belongs here: what becomes of lists, and of texts that a spreadsheet would compute. Does not belong
here: writing the file.
"""

import re

import duckdb

from spotify_assets.warehouse.export.projection import NESTED, as_json, projected
from spotify_assets.warehouse.tables import literal

FORMULA = r"^[\s\pC\pZ]*[=+\-@＝＋－＠]|^[\t\r\n]"
"""How a text begins that a spreadsheet computes (OWASP, "CSV injection").

Some programs leave out blanks and invisible characters before it.
"""
NO_TEXTS = re.compile(
    r"u?(tiny|small|big|huge)?int|u?integer|bignum|float|double|decimal|boolean|date|time.*|interval"
)
"""The types, by the names of DuckDB, whose values stay: a negative number is a number."""


def for_csv(connection: duckdb.DuckDBPyConnection, query: str, *, exact: bool) -> str:
    """The query with lists as JSON, and an apostrophe before texts that are read as formulas.

    Names of columns are such texts too: those of a PIVOT are values.

    Args:
        connection: To the file that is asked.
        query: One query.
        exact: Leave all texts as they are.
    """
    if exact:
        return projected(connection, query, _plain)
    return projected(connection, query, _guarded, lambda name: _guarded_name(connection, name))


def _plain(kind: str, it: str) -> str:
    return as_json(it) if kind in NESTED else it


def _guarded(kind: str, it: str) -> str:
    if kind in NESTED or NO_TEXTS.fullmatch(kind):
        # The JSON of a nested value begins with a bracket.
        return _plain(kind, it)
    text = f"{it}::VARCHAR"
    return f"if(regexp_matches({text}, {literal(FORMULA)}), {literal(chr(39))}, '') || {text}"


def _guarded_name(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    # By DuckDB as well, so that there is one rule.
    found = connection.execute(f"SELECT {_guarded('varchar', '$1')}", [name]).fetchall()
    return str(found[0][0])
