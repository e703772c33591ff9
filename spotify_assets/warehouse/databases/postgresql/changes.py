"""Which slices differ between the DuckDB file and what the target has noted of itself.

Belongs here: comparing fingerprints, part by part first, and noting the new ones. Does not belong
here: rows of tables.
"""

from collections.abc import Collection

import duckdb

from spotify_assets.warehouse.databases.postgresql import ddl
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets.warehouse.databases.postgresql.session import Session
from spotify_assets.warehouse.databases.relations import Relation
from spotify_assets.warehouse.databases.slices import fingerprints
from spotify_assets.warehouse.tables import literal, quoted

COLUMNS = '"table_name", "part", "slice", "rows", "fingerprint"'
PARTS = (
    'SELECT "table_name", "part", \'\' AS "slice", CAST(sum("rows") AS BIGINT) AS "rows", '
    'bit_xor("fingerprint") AS "fingerprint" FROM {} GROUP BY "table_name", "part"'
)
"""The slices of a part as one."""
BATCH_ROWS = 100_000


def find(
    session: Session,
    source: duckdb.DuckDBPyConnection,
    structure: Structure,
    lost: Collection[str],
    *,
    everything: bool = False,
) -> None:
    """Make the temporary table ``changed`` on both sides: the slices that differ.

    A slice that the file has no more has no rows and no fingerprint.

    Args:
        session: To the target, whose tables are there.
        source: The DuckDB file.
        structure: What the target holds.
        lost: Tables that are empty there now, as `layer.table`.
        everything: All slices, as if all differed.
    """
    noted = ddl.table(structure.slices)
    for table in lost:
        session.execute(f"DELETE FROM {noted} WHERE table_name = {literal(table)}")
    known = ", ".join(literal(one.source) for one in structure.tables)
    of_known = f'(SELECT * FROM {noted} WHERE "table_name" IN ({known})) AS known'
    queries = [fingerprints(one.contract, quoted(one.contract)) for one in structure.tables]
    source.execute(f"CREATE TEMP TABLE here AS {' UNION ALL '.join(queries)}")
    _fetch(session, source, "parts_there", PARTS.format(of_known))
    parts = _differing(PARTS.format("here"), "parts_there", everything=everything)
    source.execute(f"CREATE TEMP TABLE differing AS {parts}")
    _hand_over(session, source, "differing", noted)
    _fetch(
        session,
        source,
        "there",
        f'SELECT {COLUMNS} FROM {of_known} WHERE ("table_name", "part") IN '
        '(SELECT "table_name", "part" FROM differing)',
    )
    here = f"SELECT {COLUMNS} FROM here SEMI JOIN differing USING (table_name, part)"
    source.execute(
        f"CREATE TEMP TABLE changed AS {_differing(here, 'there', everything=everything)}"
    )
    _hand_over(session, source, "changed", noted)
    session.execute("ANALYZE changed")


def count(source: duckdb.DuckDBPyConnection, relation: Relation | None = None) -> int:
    """How many slices differ, of a table or of all."""
    of_table = f"WHERE table_name = {literal(relation.source)}" if relation else ""
    found = source.execute(f"SELECT count(*) FROM temp.changed {of_table}").fetchall()
    return int(found[0][0])


def within(relation: Relation, changed: str) -> str:
    """The condition on rows of a table that they are of a slice that differs, on both sides."""
    cut = relation.slicing
    of_table = f"FROM {changed} WHERE table_name = {literal(relation.source)}"
    # The part can be looked up; the label is made for its rows only.
    return (
        f"{cut.part} IN (SELECT part {of_table}) AND {cut.label} IN (SELECT slice {of_table})"
        if cut.expressions
        else "true"
    )


def note(session: Session, slices: Relation) -> None:
    """Keep the fingerprints of what is there now."""
    table = ddl.table(slices)
    session.execute(
        f"DELETE FROM {table} AS t USING changed AS c WHERE t.table_name = c.table_name "
        "AND t.part = c.part AND t.slice = c.slice"
    )
    session.execute(
        f"INSERT INTO {table} ({COLUMNS}) SELECT {COLUMNS} FROM changed WHERE rows IS NOT NULL"
    )


def _differing(here: str, there: str, *, everything: bool) -> str:
    """What is on one side only, or otherwise on the other; with the fingerprint of here."""
    different = "(h.rows, h.fingerprint) IS DISTINCT FROM (t.rows, t.fingerprint)"
    return (
        f"SELECT table_name, part, slice, h.rows, h.fingerprint FROM ({here}) AS h "
        f"FULL JOIN {there} AS t USING (table_name, part, slice) "
        f"WHERE {'true' if everything else different}"
    )


def _fetch(session: Session, source: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Rows of the target as a temporary table of DuckDB."""
    with session.copy_out(query) as rows:
        source.register("fetched", rows)
        source.execute(f"CREATE TEMP TABLE {name} AS FROM fetched")
        source.unregister("fetched")


def _hand_over(session: Session, source: duckdb.DuckDBPyConnection, name: str, like: str) -> None:
    """A temporary table of DuckDB as one of the target."""
    session.execute(
        f"CREATE TEMP TABLE {name} ON COMMIT DROP AS SELECT {COLUMNS} FROM {like} LIMIT 0"
    )
    rows = source.execute(f"SELECT {COLUMNS} FROM temp.{name}")
    session.copy_in(rows.to_arrow_reader(BATCH_ROWS), name)
