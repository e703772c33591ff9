"""What must hold across tables before a new state may be seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

import duckdb
import polars as pl

from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.warehouse.tables import quoted

UNRECONCILED = resources.files("spotify_assets.warehouse").joinpath("unreconciled.sql").read_text()


@dataclass(frozen=True)
class Finding:
    """The outcome of one rule."""

    table: str
    rule: str
    broken: int
    """Rows (or keys) that break it."""
    example: str


def integrity(
    connection: duckdb.DuckDBPyConnection, contracts: Iterable[type[Contract]]
) -> list[Finding]:
    """Each key is unique; each reference is found. One finding a rule, broken or not."""
    findings = []
    for contract in contracts:
        findings.append(_unique(connection, contract))
        for columns, target in contract.references().items():
            findings.append(_found(connection, contract, columns, WAREHOUSE[target]))
    return findings


def unreconciled(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The accounts that do not add up, from received objects to facts; empty if all is well."""
    return connection.sql(UNRECONCILED).pl()


def _unique(connection: duckdb.DuckDBPyConnection, contract: type[Contract]) -> Finding:
    key = _list(contract.key())
    return _finding(
        connection,
        contract,
        f"key ({', '.join(contract.key())}) is unique",
        f"SELECT {key} FROM {quoted(contract)} GROUP BY ALL HAVING count(*) > 1",
    )


def _found(
    connection: duckdb.DuckDBPyConnection,
    contract: type[Contract],
    columns: tuple[str, ...],
    target: type[Contract],
) -> Finding:
    known = " AND ".join(f'"{name}" IS NOT NULL' for name in columns)
    return _finding(
        connection,
        contract,
        f"({', '.join(columns)}) is in {target.table()}",
        f"SELECT {_list(columns)} FROM {quoted(contract)} WHERE {known} "
        f"EXCEPT SELECT {_list(columns)} FROM {quoted(target)}",
    )


def _finding(
    connection: duckdb.DuckDBPyConnection, contract: type[Contract], rule: str, breaking: str
) -> Finding:
    broken, example = connection.execute(
        f"SELECT count(*), coalesce(any_value(r::VARCHAR), '') FROM ({breaking}) AS r"
    ).fetchone() or (0, "")
    return Finding(contract.table(), rule, broken, example)


def _list(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
