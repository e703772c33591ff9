"""A query with each of its columns as an expression of it, for formats that know fewer types.

Belongs here: rewriting the columns. Does not belong here: which types a format knows.
"""

from collections.abc import Callable, Iterable, Iterator

import duckdb

from spotify_assets.warehouse.tables import identifier

NESTED = ("list", "array", "struct", "map", "union")
"""Types whose values hold others, by the names of DuckDB."""


def as_json(it: str) -> str:
    """The expression that makes JSON, as text, of another."""
    return f"to_json({it})::VARCHAR"


def projected(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    expression: Callable[[str, str], str],
    named: Callable[[str], str] = str,
) -> str:
    """The query with an expression for each column: of its type, and what stands for it.

    By position, because two columns may have the same name.

    Args:
        connection: To the file that is asked.
        query: One query.
        expression: What is made of the type of a column, by the name of DuckDB, and of the
            expression that stands for its value.
        named: What is made of the name of a column.
    """
    result = connection.sql(query)
    names = [identifier(name) for name in _distinct(map(named, result.columns))]
    chosen = ", ".join(
        f"{expression(kind.id, f'#{place}')} AS {name}"
        for place, (name, kind) in enumerate(zip(names, result.types, strict=True), start=1)
    )
    return f"SELECT {chosen} FROM ({query}\n)"


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """The names, a repeated one with its number; to DuckDB, capitals are no difference."""
    seen: set[str] = set()
    for name in names:
        number, free = 0, name
        while free.casefold() in seen:
            number += 1
            free = f"{name}_{number}"
        seen.add(free.casefold())
        yield free
