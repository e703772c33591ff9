"""Holding a published table against the model, row by row."""

from collections.abc import Collection, Sequence
from typing import Any

import duckdb

from spotify_assets_tests.model.documents import described

Row = dict[str, Any]
SHOWN = 12


def held_to_model(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    expected: Sequence[Row],
    *,
    but: Collection[str] = (),
) -> list[str]:
    """What is different, at most `SHOWN` lines; nothing where all is as it should be.

    Args:
        connection: To the published file.
        table: ``layer.table``; its columns, types and key are those of the document.
        expected: The rows of the model.
        but: Columns that the documents do not determine.
    """
    document = described()[table]
    found = connection.execute(f"SELECT * FROM {table}")
    types = {name: str(of) for name, of, *_ in found.description or ()}
    if types != document.types:
        return [f"{table} has the columns {types}, and tables.md says {document.types}"]
    rows = [dict(zip(types, row, strict=True)) for row in found.fetchall()]
    columns = [name for name in types if name not in but]
    return different_rows(table, rows, expected, document.key, columns)


def different_rows(
    what: str,
    found: Sequence[Row],
    expected: Sequence[Row],
    key: Sequence[str],
    columns: Sequence[str],
) -> list[str]:
    """Rows that are in one only, and columns that differ, with the key."""
    is_there, should_be = _by_key(what, found, key), _by_key(what, expected, key)
    lines = []
    for place in sorted(is_there.keys() | should_be.keys(), key=repr):
        if place not in should_be:
            lines.append(f"{what} {place}: published, but not in the model: {is_there[place]}")
        elif place not in is_there:
            lines.append(f"{what} {place}: not published: {should_be[place]}")
        else:
            lines += [
                f"{what} {place}: {name} is {is_there[place][name]!r}, "
                f"the model says {should_be[place][name]!r}"
                for name in columns
                if not _alike(is_there[place][name], should_be[place][name])
            ]
    rest = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + rest


def _by_key(what: str, rows: Sequence[Row], key: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows), f"{what}: a key stands twice"
    return found


def _alike(one: Any, other: Any) -> bool:
    # Python takes 1 for True.
    return type(one) is type(other) and bool(one == other)
