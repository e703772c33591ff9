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
        source.register("rows_there", rows)
        differing = source.execute(
            f"SELECT part, slice FROM ({fingerprints(relation.contract, file)}) AS h "
            f"FULL JOIN ({fingerprints(relation.contract, 'rows_there')}) AS t "
            "USING (part, slice) "
            "WHERE (h.rows, h.fingerprint) IS DISTINCT FROM (t.rows, t.fingerprint) ORDER BY ALL"
        ).fetchall()
        source.unregister("rows_there")
    for _, name in differing:
        yield _within(session, source, relation, name)


def _within(
    session: Session, source: duckdb.DuckDBPyConnection, relation: Relation, name: str
) -> Difference:
    """The rows of one slice that differ."""
    label = relation.slicing.label
    names = ddl.listed(column.name for column in relation.columns)
    columns = ", ".join(f'{sent(column)} AS "{column.name}"' for column in relation.columns)
    key = ", ".join(f'{literal(f"{column}=")} || "{column}"' for column in relation.key)
    here = f"SELECT {columns} FROM {quoted(relation.contract)} WHERE {label} = $1"
    source.execute(f"CREATE OR REPLACE TEMP TABLE slice_here AS {here}", [name])
    there = f"SELECT {names} FROM {ddl.table(relation)} WHERE {label} = $1"
    with session.copy_out(there, name) as rows:
        source.register("rows_there", rows)
        source.execute("CREATE OR REPLACE TEMP TABLE slice_there AS FROM rows_there")
        source.unregister("rows_there")
    missing = f"(SELECT {names} FROM slice_here EXCEPT ALL SELECT {names} FROM slice_there)"
    extra = f"(SELECT {names} FROM slice_there EXCEPT ALL SELECT {names} FROM slice_here)"
    found = source.execute(
        f"SELECT (SELECT count(*) FROM {missing}), (SELECT count(*) FROM {extra}), "
        f"(SELECT any_value(concat_ws(', ', {key})) FROM ({missing} UNION ALL {extra}))"
    ).fetchall()
    return Difference(f"{relation.schema}.{relation.name}", name, *found[0])
