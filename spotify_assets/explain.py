"""From a row back to the response that holds it.

Row of the warehouse → row of ``processed`` → raw file and line → request and response.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from spotify_assets.lake import Lake
from spotify_assets.lake.exchanges import Exchange
from spotify_assets.lake.raw import read_exchanges
from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import quoted

Row = dict[str, Any]
ORIGINS = {
    "track_id": "processed.tracks",
    "artist_id": "processed.artists",
    "album_id": "processed.albums",
}
"""For each id, the table whose rows name the raw line that describes it."""
DAYS = ("last_date", "valid_from", "date")
"""Columns that tell on which day the row was seen, the most telling first."""


class CannotExplain(Exception):
    """There is no such row, or no one response is behind it."""


@dataclass(frozen=True)
class Explanation:
    """The way back."""

    table: str
    row: Row
    origin: str
    """The table of ``processed`` or ``quarantine`` that the row was made from."""
    origin_row: Row
    exchange: Exchange

    @property
    def shown(self) -> Any:
        """The response, with the other objects of the list that holds this one left out."""
        body = self.exchange.response.json()
        if body is None:
            return self.exchange.response.body.decode(errors="replace")
        ids = [self.origin_row[name] for name in (*ORIGINS, "id") if self.origin_row.get(name)]
        return _only(body, ids[0]) if ids else body


def explain(lake: Lake, database: Path, table: str, key: Sequence[str]) -> Explanation:
    """Find the response behind a row.

    Args:
        lake: Where the raw responses lie.
        database: The warehouse.
        table: ``layer.table``.
        key: The values of the table's key, in its order.

    Raises:
        CannotExplain: See there.
        WarehouseError: There is no warehouse.
    """
    contract = WAREHOUSE.get(table)
    if contract is None:
        raise CannotExplain(f"There is no table {table}. There are: {', '.join(WAREHOUSE)}.")
    if len(key) != len(contract.key()):
        raise CannotExplain(
            f"A row of {table} has the key {' '.join(contract.key()).upper()}: "
            f"{len(contract.key())} values, not {len(key)}."
        )
    with read_only(database) as connection:
        row = _one(connection, contract, dict(zip(contract.key(), key, strict=True)))
        if row is None:
            raise CannotExplain(f"{table} has no row {' '.join(key)}.")
        origin, origin_row = _origin(connection, contract, row)
    path = lake.root / origin_row["source_file"]
    for exchange in read_exchanges(path):
        if exchange.line == origin_row["source_line"]:
            return Explanation(table, row, origin, origin_row, exchange)
    raise CannotExplain(f"{path} has no line {origin_row['source_line']}: it is damaged.")


def _origin(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], row: Row
) -> tuple[str, Row]:
    if "source_line" in row:
        return contract.table(), row
    name = f"{row['kind']}_id" if "kind" in row else _id_column(row)
    if name is None:
        raise CannotExplain(
            f"A row of {contract.table()} is made from all that was collected; no one response "
            "is behind it."
        )
    wanted = {name: row.get(name, row.get("id"))}
    wanted |= {"genre": row["genre"]} if "genre" in row else {}
    day = next((row[column] for column in DAYS if row.get(column)), None)
    wanted |= {"date": day} if day else {}
    # An inferred member has no row of its own; the credit or the track that names it has.
    for origin in (ORIGINS[name], "processed.track_artists", "processed.tracks"):
        columns = WAREHOUSE[origin].polars_schema().names()
        if name in columns and (found := _one(connection, WAREHOUSE[origin], wanted)):
            return origin, found
    raise CannotExplain(f"Nothing in processed describes {wanted}.")


def _id_column(row: Row) -> str | None:
    # A credit is explained by its track, a track by itself and not by its album.
    return next((name for name in ORIGINS if row.get(name)), None)


def _one(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], values: Mapping[str, Any]
) -> Row | None:
    """The first row with these values, in the order of the key."""
    where = " AND ".join(f'CAST("{name}" AS VARCHAR) = ?' for name in values)
    order = ", ".join(f'"{name}"' for name in contract.key())
    cursor = connection.execute(
        f"SELECT * FROM {quoted(contract)} WHERE {where} ORDER BY {order} LIMIT 1",  # noqa: S608
        [str(value) for value in values.values()],
    )
    names = [column[0] for column in cursor.description]
    found = cursor.fetchone()
    return None if found is None else dict(zip(names, found, strict=True))


def _only(value: Any, wanted: str) -> Any:
    """``value`` without the elements of lists that do not hold ``wanted``, beside one that does."""
    if isinstance(value, dict):
        return {key: _only(inner, wanted) for key, inner in value.items()}
    if isinstance(value, list):
        holds = [wanted in json.dumps(element) for element in value]
        if any(holds) and not all(holds):
            kept = [_only(v, wanted) for v, is_it in zip(value, holds, strict=True) if is_it]
            return [*kept, f"… and {len(value) - len(kept)} more"]
        return [_only(element, wanted) for element in value]
    return value
