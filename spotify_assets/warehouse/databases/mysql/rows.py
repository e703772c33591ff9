"""Rows of a publication: which slices differ, and what is replaced in them.

Belongs here: statements on rows, all of one transaction. Does not belong here: tables.
"""

import re
from collections.abc import Iterable, Iterator

import duckdb
import polars as pl

from spotify_assets.schemas import Contract
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.mysql import ddl
from spotify_assets.warehouse.databases.mysql.session import BATCH_ROWS, Session
from spotify_assets.warehouse.databases.relations import Relation
from spotify_assets.warehouse.databases.slices import fingerprints, sent
from spotify_assets.warehouse.databases.state import Slices
from spotify_assets.warehouse.databases.targets import Sent
from spotify_assets.warehouse.tables import identifier, literal, quoted

SLICE = '"table_name", "part", "slice", "rows", "fingerprint"'


def find_changed(
    session: Session,
    source: duckdb.DuckDBPyConnection,
    tables: list[Relation],
    noted: Relation,
    *,
    everything: bool,
) -> dict[str, int]:
    """Make the temporary table `changed` on both sides; how many slices differ in each table."""
    queries = [fingerprints(one.contract, quoted(one.contract)) for one in tables]
    source.execute(f"CREATE TEMP TABLE here AS {' UNION ALL '.join(queries)}")
    known = session.read(f"SELECT {SLICE} FROM {ddl.table(noted)}", Slices)
    keep(source, "there", Slices, known)
    different = "(h.rows, h.fingerprint) IS DISTINCT FROM (t.rows, t.fingerprint)"
    source.execute(
        "CREATE TEMP TABLE changed AS SELECT table_name, part, slice, h.rows, h.fingerprint "
        "FROM here AS h FULL JOIN there AS t USING (table_name, part, slice) "
        f"WHERE {'true' if everything else different}"
    )
    session.execute(
        f"CREATE TEMPORARY TABLE {temporary(noted, 'changed')} AS "
        f"SELECT {SLICE} FROM {ddl.table(noted)} LIMIT 0"
    )
    rows = source.execute(f"SELECT {SLICE} FROM temp.changed").to_arrow_reader(BATCH_ROWS)
    session.insert(temporary(noted, "changed"), SLICE, rows)
    count = "SELECT table_name, count(*) FROM temp.changed GROUP BY ALL"
    return dict(source.execute(count).fetchall())


def replace(
    session: Session,
    source: duckdb.DuckDBPyConnection,
    relation: Relation,
    noted: Relation,
    done: Sent,
    *,
    everything: bool,
) -> None:
    """Bring the slices of a table that differ, or all of it; rows that are the same stay."""
    table, staged = ddl.table(relation), temporary(noted, "staged")
    names = [column.name for column in relation.columns]
    session.execute(f"CREATE TEMPORARY TABLE {staged} LIKE {table}")
    columns = ", ".join(f'{sent(one)} AS "{one.name}"' for one in relation.columns)
    here = "true" if everything else _within(relation, "temp.changed")
    rows = source.execute(f"SELECT {columns} FROM {quoted(relation.contract)} WHERE {here}")
    session.insert(staged, ddl.listed(names), rows.to_arrow_reader(BATCH_ROWS))
    on = " AND ".join(f"s.{identifier(key)} = t.{identifier(key)}" for key in relation.key)
    same = " AND ".join(f"s.{identifier(name)} <=> t.{identifier(name)}" for name in names)
    first = identifier(relation.key[0])
    there = _within(relation, temporary(noted, "changed"), "t.")
    within = "true" if everything else ddl.in_words(there)
    done.removed[relation.source] = session.execute(
        f"DELETE t FROM {table} AS t LEFT JOIN {staged} AS s ON {on} "
        f"WHERE {within} AND (s.{first} IS NULL OR NOT ({same}))"
    )
    # A key that is there otherwise is of a row that was edited by hand: it ends the publication.
    done.added[relation.source] = session.execute(
        f"INSERT INTO {table} ({ddl.listed(names)}) SELECT {ddl.listed(names, 's.')} "
        f"FROM {staged} AS s LEFT JOIN {table} AS t ON {on} AND {same} WHERE t.{first} IS NULL"
    )
    session.execute(f"DROP TEMPORARY TABLE {staged}")


def note(session: Session, noted: Relation) -> None:
    """Keep the fingerprints of what is there now."""
    table, changed = ddl.table(noted), temporary(noted, "changed")
    session.execute(
        f"DELETE t FROM {table} AS t JOIN {changed} AS c "
        "ON c.table_name = t.table_name AND c.part = t.part AND c.slice = t.slice"
    )
    session.execute(
        f'INSERT INTO {table} ({SLICE}) SELECT {SLICE} FROM {changed} WHERE "rows" IS NOT NULL'
    )


def hold_references(session: Session, tables: Iterable[Relation], changed: set[str]) -> None:
    """Find what refers to nothing: foreign keys are off meanwhile, there they cannot be deferred.

    Raises:
        TargetError: Something does.
    """
    every = list(tables)
    of_place = {(one.schema, one.name): one for one in every}
    for one in every:
        for key in one.foreign_keys:
            target = of_place[key.schema, key.table]
            if changed.isdisjoint({one.source, target.source}):
                continue
            on = " AND ".join(f"p.{identifier(c)} = t.{identifier(c)}" for c in key.columns)
            known = " AND ".join(f"t.{identifier(c)} IS NOT NULL" for c in key.columns)
            missing = session.value(
                f"SELECT count(*) FROM {ddl.table(one)} AS t LEFT JOIN {ddl.table(target)} AS p "
                f"ON {on} WHERE {known} AND p.{identifier(key.columns[0])} IS NULL"
            )
            if missing:
                raise TargetError(
                    f"Nothing was published: {missing} rows of {one.schema}.{one.name} refer by "
                    f"{', '.join(key.columns)} to none of {key.schema}.{key.table}. Rows were "
                    "edited by hand: `publish-to --full-refresh` mends them."
                )


def keep(
    source: duckdb.DuckDBPyConnection,
    name: str,
    contract: type[Contract],
    frames: Iterator[pl.DataFrame],
) -> None:
    """Rows of the target as a temporary table of DuckDB."""
    source.register("empty", pl.DataFrame(schema=contract.polars_schema()).to_arrow())
    source.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM empty")
    for frame in frames:
        source.register("fetched", frame.to_arrow())
        source.execute(f"INSERT INTO {name} FROM fetched")
        source.unregister("fetched")


def temporary(noted: Relation, name: str) -> str:
    """A temporary table; it has to lie in some database."""
    return f"{identifier(noted.schema)}.{identifier(name)}"


def _within(relation: Relation, changed: str, of: str = "") -> str:
    """The condition on rows that they are of a slice that differs."""
    cut = relation.slicing
    if not cut.expressions:
        return "true"
    label = re.sub(r'("\w+")', rf"{of}\1", cut.label)
    return f"{label} IN (SELECT slice FROM {changed} WHERE table_name = {literal(relation.source)})"
