"""MySQL and MariaDB as one of the targets.

Belongs here: the order of a publication, and comparing what is there. Does not belong here: the
statements on tables (``structure``, ``ddl``) and on rows (``rows``).
"""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
from pydantic import SecretStr

from spotify_assets.schemas import Contract
from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import TargetError
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.mysql import ddl, rows, structure
from spotify_assets.warehouse.databases.mysql.session import Session
from spotify_assets.warehouse.databases.relations import Relation, relations
from spotify_assets.warehouse.databases.slices import fingerprints, sent
from spotify_assets.warehouse.databases.source import identity, opened
from spotify_assets.warehouse.databases.state import STATE, Migrations, Publications, Slices
from spotify_assets.warehouse.databases.targets import Difference, Sent
from spotify_assets.warehouse.tables import identifier, literal, quoted

LOCK = "spotify-assets publication"
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class MySQL:
    """A server of it; each schema is a database there."""

    url: SecretStr
    layers: Layers
    time_zone: str

    @property
    def name(self) -> str:
        """The host."""
        return urlsplit(self.url.get_secret_value()).hostname or "localhost"

    @cached_property
    def tables(self) -> list[Relation]:
        """Those of the DuckDB file."""
        return relations(self.layers)

    @cached_property
    def state(self) -> dict[type[Contract], Relation]:
        """Those of the target's own."""
        return {one.contract: one for one in relations(self.layers, STATE)}

    def publish(self, path: Path, *, full_refresh: bool = False) -> Sent:
        """Make it equal to the DuckDB file: tables first, then rows in one transaction."""
        with Session(self.url) as session:
            if session.value("SELECT GET_LOCK(%s, %s)", LOCK, PATIENCE_SECONDS) != 1:
                raise TargetError("Another publication has not ended.", FailureKind.RETRY)
            plan = self._plan(session, full_refresh=full_refresh)
            for statement in plan:
                session.execute(statement)
            # A DELETE over several tables wants one to be chosen.
            session.execute(f"USE {identifier(self.state[Slices].schema)}")
            session.commit()
            found = identity(path)
            if not (plan or full_refresh) and self._last_source(session) == found:
                return Sent()
            with opened(path) as source:
                # Tables that were made again are empty: their slices are noted, and are not there.
                everything = full_refresh or bool(plan)
                done = self._send(session, source, plan, everything=everything)
            self._note(session, done, found)
            session.commit()
            return done

    def verify(self, path: Path) -> list[Difference]:
        """Compare every row, both ways, in one snapshot."""
        with Session(self.url) as session, opened(path) as source:
            session.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            session.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            return [one for each in self.tables for one in _compare(session, source, each)]

    def statements(self) -> str:
        """A script of what is still to be made there."""
        with Session(self.url) as session:
            plan = self._plan(session)
        return ";\n".join(["SET sql_mode = 'ANSI_QUOTES'", *plan, ""]) if plan else ""

    def _plan(self, session: Session, *, full_refresh: bool = False) -> list[str]:
        every = [*self.tables, *self.state.values()]
        return structure.plan(session, every, full_refresh=full_refresh)

    def _send(
        self,
        session: Session,
        source: duckdb.DuckDBPyConnection,
        plan: list[str],
        *,
        everything: bool,
    ) -> Sent:
        noted = self.state[Slices]
        counts = rows.find_changed(session, source, self.tables, noted, everything=everything)
        done = Sent(plan, sum(counts.values()))
        for one in self.tables:
            if everything or one.source in counts:
                rows.replace(session, source, one, noted, done, everything=everything)
        rows.hold_references(session, self.tables, set(counts))
        rows.note(session, noted)
        return done

    def _last_source(self, session: Session) -> str | None:
        table = ddl.table(self.state[Publications])
        found = session.rows(f'SELECT "source" FROM {table} ORDER BY "number" DESC LIMIT 1')
        return str(found[0][0]) if found else None

    def _note(self, session: Session, done: Sent, identity: str) -> None:
        """Keep in the target what was done."""
        at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        counts = (done.slices, sum(done.added.values()), sum(done.removed.values()))
        _append(session, self.state[Publications], at, identity, *counts)
        if done.migration:
            version = structure.version([*self.tables, *self.state.values()])
            _append(session, self.state[Migrations], version, at, json.dumps(done.migration))


def _append(session: Session, relation: Relation, *values: object) -> None:
    """A row with the next number."""
    table = ddl.table(relation)
    number = session.value(f'SELECT coalesce(max("number"), 0) + 1 FROM {table}')
    marks = ", ".join(["%s"] * (1 + len(values)))
    session.execute(f"INSERT INTO {table} VALUES ({marks})", number, *values)


def _compare(
    session: Session, source: duckdb.DuckDBPyConnection, relation: Relation
) -> Iterator[Difference]:
    contract = relation.contract
    names = ddl.listed([column.name for column in relation.columns])
    rows.keep(
        source, "rows_there", contract,
        session.read(f"SELECT {names} FROM {ddl.table(relation)}", contract),
    )  # fmt: skip
    columns = ", ".join(f'{sent(one)} AS "{one.name}"' for one in relation.columns)
    here = f"(SELECT {columns} FROM {quoted(contract)})"
    differing = source.execute(
        f"SELECT slice FROM ({fingerprints(contract, here)}) AS h "
        f"FULL JOIN ({fingerprints(contract, 'rows_there')}) AS t USING (part, slice) "
        "WHERE (h.rows, h.fingerprint) IS DISTINCT FROM (t.rows, t.fingerprint) ORDER BY ALL"
    ).fetchall()
    key = ", ".join(f'{literal(f"{one}=")} || "{one}"' for one in relation.key)
    for (name,) in differing:
        of_slice = f"WHERE {relation.slicing.label} = {literal(name)}"
        missing = f"(FROM {here} {of_slice} EXCEPT ALL FROM rows_there {of_slice})"
        extra = f"(FROM rows_there {of_slice} EXCEPT ALL FROM {here} {of_slice})"
        found = source.execute(
            f"SELECT (SELECT count(*) FROM {missing}), (SELECT count(*) FROM {extra}), "
            f"(SELECT any_value(concat_ws(', ', {key})) FROM ({missing} UNION ALL {extra}))"
        ).fetchall()
        yield Difference(f"{relation.schema}.{relation.name}", name, *found[0])
