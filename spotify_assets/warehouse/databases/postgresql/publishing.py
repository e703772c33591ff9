"""A publication to PostgreSQL: one transaction from the first statement to the last.

Belongs here: what is sent, and in which order. Does not belong here: the statements that make
tables (``ddl``, ``migrations``).
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb
from pydantic import SecretStr

from spotify_assets.warehouse.databases import slices
from spotify_assets.warehouse.databases.postgresql import changes, ddl, migrations
from spotify_assets.warehouse.databases.postgresql.migrations import Plan, Structure
from spotify_assets.warehouse.databases.postgresql.session import Session
from spotify_assets.warehouse.databases.relations import Relation
from spotify_assets.warehouse.databases.source import identity, opened
from spotify_assets.warehouse.databases.targets import Sent
from spotify_assets.warehouse.tables import literal, quoted

LOCK = 0x5350_4F54
"""Of the advisory lock that a publication holds: one at a time in a database."""
PATIENCE_SECONDS = 300
"""For another publication to end; for readers to let a table be changed, `READERS_SECONDS`."""
READERS_SECONDS = 30
BATCH_ROWS = 100_000


def publish(
    url: SecretStr, structure: Structure, path: Path, *, full_refresh: bool = False
) -> Sent:
    """Make the target equal to the DuckDB file; its readers see the old state or the new one.

    Args:
        url: Of the database.
        structure: What it holds.
        path: The DuckDB file.
        full_refresh: Compare every row with what is there; and make tables again that cannot be
            changed in place.

    Raises:
        TargetError: The database refuses, or is gone; what was there before is whole.
        WarehouseError: There is no DuckDB file.
    """
    with Session(url) as session:
        # Whoever waited for another publication sees what it did, whatever is usual there.
        session.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        session.execute(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
        session.rows(f"SELECT 'locked' FROM pg_advisory_xact_lock({LOCK}) AS held")
        session.execute(f"SET LOCAL lock_timeout = '{READERS_SECONDS}s'")
        plan = migrations.planned(session, structure, full_refresh=full_refresh)
        # Only now: of two publications the later one must not bring the older state.
        found = identity(path)
        is_to_compare = bool(plan.statements) or full_refresh
        if not is_to_compare and _last_source(session, structure.publications) == found:
            return Sent()
        with opened(path) as source:
            sent = _send_all(session, source, structure, plan, everything=full_refresh)
        _note(session, structure, sent, found)
        session.commit()
        return sent


def _send_all(
    session: Session,
    source: duckdb.DuckDBPyConnection,
    structure: Structure,
    plan: Plan,
    *,
    everything: bool,
) -> Sent:
    # Slices are told by their dates, too.
    session.execute("SET LOCAL datestyle = 'ISO, YMD'")
    session.run(plan.before)
    # Where nothing is noted, nobody knows which slices the target has besides.
    everything = everything or structure.slices.source in plan.created
    changes.find(session, source, structure, plan.created, everything=everything)
    sent = Sent(plan.statements, changes.count(source), left=plan.left)
    for relation in structure.tables:
        if relation.source in plan.created:
            sent.added[relation.source] = _load(session, source, relation)
        elif everything:
            _replace(session, source, relation, sent, of_file="true", of_target="true")
        elif changes.count(source, relation):
            here, there = (changes.within(relation, name) for name in ("temp.changed", "changed"))
            _replace(session, source, relation, sent, of_file=here, of_target=there)
    changes.note(session, structure.slices)
    session.run(plan.after)
    session.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return sent


def _load(session: Session, source: duckdb.DuckDBPyConnection, relation: Relation) -> int:
    """All rows, into a table that is new and has no keys yet."""
    rows = source.execute(f"SELECT {_columns(relation)} FROM {quoted(relation.contract)}")
    return session.copy_in(rows.to_arrow_reader(BATCH_ROWS), relation.name, relation.schema)


def _replace(
    session: Session,
    source: duckdb.DuckDBPyConnection,
    relation: Relation,
    sent: Sent,
    *,
    of_file: str,
    of_target: str,
) -> None:
    """The rows that conditions name, on each side; those that are the same stay untouched."""
    table, key = ddl.table(relation), relation.key
    session.execute(f"CREATE TEMP TABLE staged (LIKE {table}) ON COMMIT DROP")
    rows = source.execute(
        f"SELECT {_columns(relation)} FROM {quoted(relation.contract)} WHERE {of_file}"
    )
    session.copy_in(rows.to_arrow_reader(BATCH_ROWS), "staged")
    session.execute("ANALYZE staged")
    names = [column.name for column in relation.columns]
    same_key = " AND ".join(f's."{name}" = t."{name}"' for name in key)
    same = f"({_of('s', names)}) IS NOT DISTINCT FROM ({_of('t', names)})"
    # First what is not there any more just so: a surrogate can go from one key to another.
    sent.removed[relation.source] = session.changed(
        f"DELETE FROM {table} AS t WHERE {of_target} "
        f"AND NOT EXISTS (SELECT FROM staged AS s WHERE {same_key} AND {same})"
    )
    # A key that is there otherwise is of a row that was edited by hand: it ends the publication.
    sent.added[relation.source] = session.changed(
        f"INSERT INTO {table} ({ddl.listed(names)}) SELECT {_of('s', names)} FROM staged AS s "
        f"WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE {same_key} AND {same})"
    )
    session.execute("DROP TABLE staged")


def _columns(relation: Relation) -> str:
    return ", ".join(f'{slices.sent(column)} AS "{column.name}"' for column in relation.columns)


def _of(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f'{alias}."{name}"' for name in names)


def _note(session: Session, structure: Structure, sent: Sent, identity: str) -> None:
    """Keep in the target what was done."""
    at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if sent.migration:
        session.execute(migrations.record(structure, sent.migration, at))
    table = ddl.table(structure.publications)
    session.execute(
        f"INSERT INTO {table} SELECT coalesce(max(number), 0) + 1, "
        f"TIMESTAMP {literal(at.isoformat(' '))}, {literal(identity)}, {sent.slices}, "
        f"{sum(sent.added.values())}, {sum(sent.removed.values())} FROM {table}"
    )


def _last_source(session: Session, publications: Relation) -> str | None:
    found = session.rows(
        f"SELECT source FROM {ddl.table(publications)} ORDER BY number DESC LIMIT 1"
    )
    return str(found[0][0]) if found else None
