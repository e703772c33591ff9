"""Whether every row of the target is as the DuckDB file has it, and no other is there.

Belongs here: comparing rows, both ways. Does not belong here: mending.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
from pydantic import SecretStr

from spotify_assets.warehouse.databases.postgresql import ddl
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.session import Session
from spotify_assets.warehouse.databases.relations import Relation
from spotify_assets.warehouse.databases.slices import fingerprints, sent
from spotify_assets.warehouse.databases.source import opened
from spotify_assets.warehouse.databases.targets import Difference
from spotify_assets.warehouse.tables import literal, quoted


def verify(url: SecretStr, structure: Structure, path: Path) -> list[Difference]:
    """What differs; empty where nothing does.

    The target is read in one snapshot, while others may publish.

    Raises:
        TargetError: The database refuses; or nothing was published to it yet.
        WarehouseError: There is no DuckDB file.
    """
    with Session(url) as session, opened(path) as source:
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        session.execute("SET LOCAL datestyle = 'ISO, YMD'")
        return [one for relation in structure.tables for one in _compare(session, source, relation)]


def _compare(
    session: Session, source: duckdb.DuckDBPyConnection, relation: Relation
) -> Iterator[Difference]:
    names = ddl.listed(column.name for column in relation.columns)
    everything = f"SELECT {names} FROM {ddl.table(relation)}"
    file = quoted(relation.contract)
    with session.copy_out(everything) as rows:
        source.register("fetched", rows)
        differing = source.execute(
            f"SELECT slice FROM ({fingerprints(relation.contract, file)}) AS h "
            f"FULL JOIN ({fingerprints(relation.contract, 'fetched')}) AS t "
            "USING (part, slice) "
            "WHERE (h.rows, h.fingerprint) IS DISTINCT FROM (t.rows, t.fingerprint)"
        ).fetchall()
        source.unregister("fetched")
    if differing:
        yield from _within(session, source, relation, [name for (name,) in differing])


def _within(
    session: Session, source: duckdb.DuckDBPyConnection, relation: Relation, slices: list[str]
) -> Iterator[Difference]:
    """The rows of some slices that differ: one look at the table, however many there are."""
    label = relation.slicing.label
    within = f"WHERE {label} IN ({', '.join(map(literal, slices))})"
    names = ddl.listed(column.name for column in relation.columns)
    columns = ", ".join(f'{sent(column)} AS "{column.name}"' for column in relation.columns)
    key = ", ".join(f'{literal(f"{column}=")} || "{column}"' for column in relation.key)
    here = f'SELECT {label} AS "its slice", {columns} FROM {quoted(relation.contract)} {within}'
    source.execute(f"CREATE OR REPLACE TEMP TABLE rows_here AS {here}")
    there = f'SELECT {label} AS "its slice", {names} FROM {ddl.table(relation)} {within}'
    with session.copy_out(there) as rows:
        source.register("fetched", rows)
        source.execute("CREATE OR REPLACE TEMP TABLE rows_there AS FROM fetched")
        source.unregister("fetched")
    found = source.execute(
        "WITH missing AS (FROM rows_here EXCEPT ALL FROM rows_there), "
        "extra AS (FROM rows_there EXCEPT ALL FROM rows_here) "
        'SELECT "its slice", count(*) FILTER (is_missing), count(*) FILTER (NOT is_missing), '
        f"any_value(concat_ws(', ', {key})) "
        "FROM (SELECT true AS is_missing, * FROM missing UNION ALL SELECT false, * FROM extra) "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for name, missing, extra, example in found:
        yield Difference(f"{relation.schema}.{relation.name}", name, missing, extra, example)
