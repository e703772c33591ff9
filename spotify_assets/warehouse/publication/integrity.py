"""What must hold across tables before a new state may be seen."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from importlib import resources

import duckdb
import polars as pl

from spotify_assets.lake import GenreDay
from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.schemas.contract import ContractBroken
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.tables import quoted

GENRE_DAY = ("genre", "date")
UNRECONCILED = resources.files(__package__).joinpath("unreconciled.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Finding:
    """The outcome of one rule."""

    table: str
    rule: str
    broken: int
    """Rows (or keys) that break it."""
    example: str


Scope = Callable[[type[Contract]], str]
"""Of a table, a condition (`WHERE …`) on the rows that are looked at; empty: all."""


def hold_to_contract(contract: type[Contract], rows: pl.DataFrame) -> None:
    """Check rows before anybody sees them.

    Raises:
        WarehouseError: They break the contract.
    """
    try:
        contract.validate(rows)
    except ContractBroken as error:
        raise WarehouseError(
            f"Nothing was published: the rows for {contract.table()} break its "
            f"contract, {len(error.failure_cases)} times: {error}"
        ) from error


def hold(
    connection: duckdb.DuckDBPyConnection,
    contracts: Iterable[type[Contract]],
    scope: Scope | None = None,
) -> None:
    """Hold tables to their keys and references.

    Raises:
        WarehouseError: A key is there twice, or a reference is missing.
    """
    found = integrity(connection, contracts, scope or everything)
    if broken := [one for one in found if one.broken]:
        raise WarehouseError(
            "Nothing was published, because "
            + "; ".join(
                f"in {one.table} it does not hold that {one.rule}: {one.broken} times, "
                f"e.g. {one.example}"
                for one in broken
            )
        )


def everything(contract: type[Contract]) -> str:  # noqa: ARG001 - one of many scopes
    """No condition: all rows."""
    return ""


def integrity(
    connection: duckdb.DuckDBPyConnection,
    contracts: Iterable[type[Contract]],
    scope: Scope = everything,
) -> list[Finding]:
    """Each key is unique; each reference is found. One finding a rule, broken or not.

    Args:
        connection: To the file.
        contracts: The tables that are held to it.
        scope: A condition (`WHERE …`) on the rows that are looked at; rows of the same key fulfil
            it together.
    """
    findings = []
    for contract in contracts:
        findings.append(_unique(connection, contract, contract.key(), scope(contract)))
        if surrogate := contract.surrogate():
            # Two that are equal may be of two ids: a scope would not see both.
            findings.append(_unique(connection, contract, (surrogate,), ""))
        for columns, target in contract.references().items():
            found = WAREHOUSE[target]
            # Where both know the partition, the others need not be looked at.
            within = scope(found) if {"genre", "date"} <= set(columns) else ""
            findings.append(_found(connection, contract, columns, found, scope(contract), within))
    return findings


def unreconciled(
    connection: duckdb.DuckDBPyConnection, days: Collection[GenreDay] | None = None
) -> pl.DataFrame:
    """The accounts that do not add up, from received objects to facts; empty if all is well.

    Args:
        connection: To the file.
        days: The genre-days that are looked at; else all.
    """
    looked_at = (
        connection.sql("SELECT DISTINCT genre, date FROM processed.reconciliation").pl()
        if days is None
        else as_frame(days)
    )
    connection.register("looked_at", looked_at.to_arrow())
    try:
        return connection.sql(UNRECONCILED).pl()
    finally:
        connection.unregister("looked_at")


def of_days(connection: duckdb.DuckDBPyConnection, days: Collection[GenreDay]) -> Scope:
    """The scope of some genre-days: of tables that have them, their rows alone."""
    connection.register("scope_days", as_frame(days).to_arrow())
    return lambda contract: (
        "WHERE (genre, date) IN (FROM scope_days)" if contract.key()[:2] == GENRE_DAY else ""
    )


def as_frame(days: Collection[GenreDay]) -> pl.DataFrame:
    """Genre-days as ``genre`` and ``date``."""
    rows = [(day.genre, day.date) for day in days]
    return pl.DataFrame(rows, schema={"genre": pl.String, "date": pl.Date}, orient="row")


def _unique(
    connection: duckdb.DuckDBPyConnection,
    contract: type[Contract],
    columns: tuple[str, ...],
    scope: str,
) -> Finding:
    key = _list(columns)
    rule = f"key ({', '.join(columns)}) is unique"
    # Numbers are counted in half the time of texts; where two keys are of one number, the texts are
    # looked at after all.
    (is_unique,) = connection.execute(
        f"SELECT count(*) = count(DISTINCT hash({key})) FROM {quoted(contract)} {scope}"
    ).fetchall()[0]
    if is_unique:
        return Finding(contract.table(), rule, 0, "")
    return _finding(
        connection,
        contract,
        rule,
        f"SELECT {key} FROM {quoted(contract)} {scope} GROUP BY ALL HAVING count(*) > 1",
    )


def _found(
    connection: duckdb.DuckDBPyConnection,
    contract: type[Contract],
    columns: tuple[str, ...],
    target: type[Contract],
    scope: str,
    within: str,
) -> Finding:
    nullable = [column.name for column in contract.columns() if column.nullable]
    known = [f'"{name}" IS NOT NULL' for name in columns if name in nullable]
    # A null that may not be is found in no table, and so is said.
    condition = " AND ".join([scope or "WHERE true", *known])
    return _finding(
        connection,
        contract,
        f"({', '.join(columns)}) is in {target.table()}",
        f"SELECT DISTINCT {_list(columns)} FROM (FROM {quoted(contract)} {condition}) "
        f"ANTI JOIN (FROM {quoted(target)} {within}) USING ({_list(columns)})",
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
