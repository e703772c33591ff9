"""What has to change in the target so that it is as the contracts say.

Belongs here: comparing what is there with what should be, and the statements between. Does not
belong here: rows.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spotify_assets.warehouse.databases.errors import ChangeRefused
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql import answers, ddl
from spotify_assets.warehouse.databases.postgresql.recorded import (
    ANSWERS,
    Kind,
    Made,
    Place,
    made_by,
)
from spotify_assets.warehouse.databases.postgresql.session import Session
from spotify_assets.warehouse.databases.relations import Relation, relations
from spotify_assets.warehouse.databases.state import STATE, Migrations, Publications, Slices
from spotify_assets.warehouse.tables import identifier, literal


@dataclass(frozen=True)
class Structure:
    """What should be there: tables of the warehouse, those of the target's own state, answers."""

    layers: Layers
    time_zone: str
    tables: list[Relation]
    state: list[Relation]

    @classmethod
    def of(cls, layers: Layers, time_zone: str) -> "Structure":
        """As the contracts and the settings say."""
        return cls(layers, time_zone, relations(layers), relations(layers, STATE))

    @property
    def relations(self) -> list[Relation]:
        """All tables."""
        return [*self.tables, *self.state]

    @property
    def publications(self) -> Relation:
        """Where each publication is noted."""
        return next(one for one in self.state if one.contract is Publications)

    @property
    def slices(self) -> Relation:
        """Where the fingerprints are."""
        return next(one for one in self.state if one.contract is Slices)

    @property
    def version(self) -> str:
        """Another one is a migration."""
        return hashlib.sha256(repr(self.everything()).encode()).hexdigest()

    @property
    def places(self) -> set[Place]:
        """Of all tables."""
        return {(one.schema, one.name) for one in self.relations}

    def everything(self) -> list[str]:
        """All statements, for a database that has nothing."""
        return Plan.of(self, There()).statements


@dataclass(frozen=True)
class There:
    """What is there, by schema and table."""

    schemas: set[str] = field(default_factory=set)
    columns: dict[Place, dict[str, str]] = field(default_factory=dict)
    """Names and types."""
    constraints: dict[Place, dict[str, str]] = field(default_factory=dict)
    """Names and definitions, and `INDEX` of indexes."""
    made: Mapping[str, Made] = field(default_factory=dict)
    """What migrations made, by what undoes it; somebody may have taken it away since."""
    answers: set[Place] = field(default_factory=set)
    """Functions and views, ours or not."""

    @classmethod
    def of(cls, session: Session, structure: Structure) -> "There":
        """Read it off the catalog of the database, and off what was noted there."""
        made = made_by(_recorded(session, structure))
        names = {schema for schema, _ in structure.places | {one.place for one in made.values()}}
        within = f"n.nspname IN ({', '.join(map(literal, sorted(names)))})"
        schemas = {schema for (schema,) in session.rows(f"SELECT n.nspname {SCHEMAS} {within}")}
        found = cls(schemas, made=made)
        found.answers.update(
            (schema, name)
            for schema, name in session.rows(f"{FUNCTIONS} {within} UNION {VIEWS} {within}")
        )
        for schema, table, column, kind in session.rows(f"{COLUMNS} {within} {IN_ORDER}"):
            found.columns.setdefault((schema, table), {})[column] = kind
        for query in (CONSTRAINTS, INDEXES):
            for schema, table, name, what in session.rows(f"{query} {within}"):
                found.constraints.setdefault((schema, table), {})[name] = what.replace('"', "")
        return found

    def left(self, structure: Structure) -> list[Made]:
        """Tables of ours that nothing is published to any more: their schema, or they, went."""
        return [
            one
            for one in self.made.values()
            if one.kind is Kind.TABLE
            and one.place in self.columns
            and one.place not in structure.places
        ]

    def outdated(self, wanted: Mapping[str, Made], places: set[Place]) -> list[Made]:
        """Constraints and indexes that the contracts have no more, or otherwise.

        A foreign key goes with its table's leaving, too: rows that it refers to may be deleted.
        """
        found = [
            one
            for undo, one in self.made.items()
            if one.name in self.constraints.get(one.place, {})
            and (undo not in wanted or wanted[undo].statement != one.statement)
            and (one.is_foreign_key or (one.place in places and not one.is_primary_key))
        ]
        return sorted(found, key=lambda one: not one.is_foreign_key)


SCHEMAS = "FROM pg_catalog.pg_namespace AS n WHERE"
OF_TABLES = (
    "JOIN pg_catalog.pg_class AS c ON c.oid = {} AND c.relkind IN ('r', 'p') "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE"
)
COLUMNS = (
    "SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) "
    f"FROM pg_catalog.pg_attribute AS a {OF_TABLES.format('a.attrelid')} "
    "a.attnum > 0 AND NOT a.attisdropped AND"
)
IN_ORDER = "ORDER BY n.nspname, c.relname, a.attnum"
CONSTRAINTS = (
    "SELECT n.nspname, c.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid) "
    f"FROM pg_catalog.pg_constraint AS k {OF_TABLES.format('k.conrelid')} k.contype <> 'n' AND"
)
INDEXES = (
    "SELECT n.nspname, c.relname, x.relname, 'INDEX' FROM pg_catalog.pg_index AS i "
    f"JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid {OF_TABLES.format('i.indrelid')} "
    "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = x.oid) AND"
)
FUNCTIONS = (
    "SELECT n.nspname, p.proname FROM pg_catalog.pg_proc AS p "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE"
)
VIEWS = (
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND"
)


@dataclass
class Plan:
    """The statements of a migration; rows are loaded between ``before`` and ``after``."""

    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    created: set[str] = field(default_factory=set)
    """Tables that are made, as `layer.table`."""
    left: list[str] = field(default_factory=list)
    """Tables of before that stay as they are, as `schema.table`."""
    is_needed: bool = True
    """Whether anything is missing, or too much; else what is there is only made once more."""

    @property
    def statements(self) -> list[str]:
        """All of them."""
        return [*self.before, *self.after]

    @classmethod
    def of(
        cls,
        structure: Structure,
        there: There,
        *,
        full_refresh: bool = False,
        answers_again: bool = False,
    ) -> "Plan":
        """What is missing.

        Args:
            structure: What should be there.
            there: What is.
            full_refresh: Make tables again that cannot be changed in place.
            answers_again: Take the answers away first: not each can be replaced by another.

        Raises:
            ChangeRefused: Some cannot, and are not to be made again.
        """
        changes = {one.source: _Change.of(one, there) for one in structure.relations}
        again = [one for one in structure.relations if changes[one.source].in_the_way]
        if again and not full_refresh:
            said = "; ".join(what for one in again for what in changes[one.source].in_the_way)
            raise ChangeRefused(
                f"The tables cannot be changed in place to what the contracts say now: {said}. "
                "`spotify-assets publish-to --full-refresh` makes these tables again."
            )
        plan = cls()
        lost = {(one.schema, one.name) for one in again}
        altered = [sql for one in changes.values() for sql in one.alter if not one.in_the_way]
        keys = made_by(
            sql
            for one in structure.relations
            for kind in (ddl.keys, ddl.indexes, ddl.foreign_keys)
            for sql in kind(one).values()
        )
        outdated = [one for one in there.outdated(keys, structure.places) if one.place not in lost]
        made_now = answers.create(structure.layers, structure.time_zone)
        wanted = made_by(made_now)
        of_before = {undo: one for undo, one in there.made.items() if one.kind in ANSWERS}
        gone = (
            of_before | wanted if again or altered or answers_again else of_before.keys() - wanted
        )
        # Each before those that it uses.
        plan.before += [undo for undo in reversed(of_before | wanted) if undo in gone]
        schemas = dict.fromkeys(one.schema for one in structure.relations)
        plan.before += [
            f"CREATE SCHEMA {identifier(one)}" for one in schemas if one not in there.schemas
        ]
        undone = [one.undo for one in outdated]
        plan.before += dict.fromkeys([*undone, *_without_references(structure, there, lost)])
        left = there.left(structure)
        if full_refresh:
            plan.before += [one.undo for one in left]
        else:
            plan.left = [".".join(one.place) for one in left]
        for one in structure.relations:
            place = (one.schema, one.name)
            if place not in there.columns or place in lost:
                plan.created.add(one.source)
                plan.before.append(ddl.create_table(one))
        plan.before += altered
        keys_missing = _keys(structure, there, lost, outdated)
        is_answered = {one.place for one in wanted.values()} <= there.answers
        plan.is_needed = bool(plan.before or keys_missing) or not is_answered
        comments = [sql for one in structure.relations for sql in ddl.comments(one)]
        plan.after = [*keys_missing, *comments, *made_now]
        return plan


def _without_references(structure: Structure, there: There, lost: set[Place]) -> list[str]:
    """Take tables away, and before them what refers to them."""
    referring = [
        f"ALTER TABLE {ddl.table(one)} DROP CONSTRAINT {identifier(name)}"
        for one in structure.relations
        if (one.schema, one.name) not in lost
        for key in one.foreign_keys
        for name in [ddl.foreign_key_name(one, key)]
        if (key.schema, key.table) in lost
        and name in there.constraints.get((one.schema, one.name), {})
    ]
    dropped = ", ".join(ddl.quoted(*place) for place in sorted(lost))
    return [*referring, *([f"DROP TABLE {dropped}"] if lost else [])]


def _keys(
    structure: Structure, there: There, lost: set[Place], outdated: Sequence[Made]
) -> list[str]:
    """Keys and indexes first, then what refers to keys."""
    statements: dict[str, None] = {}
    dropped = {(one.place, one.name) for one in outdated}
    for kind in (ddl.keys, ddl.indexes, ddl.foreign_keys):
        for one in structure.relations:
            place = (one.schema, one.name)
            held = {} if place in lost else there.constraints.get(place, {})
            to_lost = {
                ddl.foreign_key_name(one, key)
                for key in one.foreign_keys
                if (key.schema, key.table) in lost
            }
            statements |= dict.fromkeys(
                sql
                for name, sql in kind(one).items()
                if name not in held or name in to_lost or (place, name) in dropped
            )
    return list(statements)


@dataclass(frozen=True)
class _Change:
    """Of one table: statements in place, and what is in the way of that."""

    alter: list[str]
    in_the_way: list[str]

    @classmethod
    def of(cls, relation: Relation, there: There) -> "_Change":
        alter: list[str] = []
        in_the_way: list[str] = []
        name, place = f"{relation.schema}.{relation.name}", (relation.schema, relation.name)
        held = there.columns.get(place)
        if held is None:
            return cls(alter, in_the_way)
        wanted = {column.name: ddl.TYPES[column.dtype] for column in relation.columns}
        for column, kind in wanted.items():
            on = f"ALTER TABLE {ddl.table(relation)}"
            if column not in held and column not in relation.key:
                alter.append(f"{on} ADD COLUMN {identifier(column)} {kind}")
            elif column not in held:
                in_the_way.append(f"{name} lacks {column} of its key")
            elif (held[column], kind) in ddl.WIDER:
                alter.append(f"{on} ALTER COLUMN {identifier(column)} TYPE {kind}")
            elif held[column] != kind:
                in_the_way.append(f"{name}.{column} is {held[column]} and becomes {kind}")
        in_the_way += [
            f"{name}.{column} is in no contract any more" for column in held if column not in wanted
        ]
        key = there.constraints.get(place, {}).get(f"{relation.name}_pkey")
        if key is not None and key != f"PRIMARY KEY ({', '.join(relation.key)})":
            in_the_way.append(f"the key of {name} was {key.removeprefix('PRIMARY KEY ')}")
        return cls(alter, in_the_way)


def planned(session: Session, structure: Structure, *, full_refresh: bool = False) -> Plan:
    """What has to change: nothing, where the last migration was to what is wanted.

    Raises:
        ChangeRefused: It cannot be changed in place.
    """
    is_current = _last_version(session, structure) == structure.version
    if is_current and not full_refresh:
        return Plan()
    # Views of the user's own that ask our answers stay, as long as these are what they were.
    answers_again = full_refresh and not is_current
    there = There.of(session, structure)
    plan = Plan.of(structure, there, full_refresh=full_refresh, answers_again=answers_again)
    # Where all is there, rows are compared, and who may change nothing else may do that.
    return plan if plan.is_needed or not is_current else Plan()


def _last_version(session: Session, structure: Structure) -> str | None:
    table = _table_of_migrations(structure)
    if session.value("SELECT to_regclass($1)::text", table) is None:
        return None
    found = session.rows(f"SELECT version FROM {table} ORDER BY number DESC LIMIT 1")
    return str(found[0][0]) if found else None


def _recorded(session: Session, structure: Structure) -> list[str]:
    """The statements of all migrations, in order."""
    table = _table_of_migrations(structure)
    if session.value("SELECT to_regclass($1)::text", table) is None:
        return []
    found = session.rows(
        f"SELECT one.statement FROM {table} AS m, "
        "unnest(m.statements) WITH ORDINALITY AS one (statement, position) "
        "WHERE one.statement NOT LIKE 'COMMENT %' ORDER BY m.number, one.position"
    )
    return [str(statement) for (statement,) in found]


def record(structure: Structure, statements: Sequence[str], at: dt.datetime | None) -> str:
    """The statement that notes a migration in the target.

    Args:
        structure: What is there now.
        statements: Those that were run.
        at: When, in UTC; else when the statement is run.
    """
    table = _table_of_migrations(structure)
    when = f"TIMESTAMP {literal(at.isoformat(' '))}" if at else "timezone('UTC', now())"
    return (
        f"INSERT INTO {table} (number, version, applied_at, statements) "
        f"SELECT coalesce(max(number), 0) + 1, {literal(structure.version)}, {when}, "
        f"ARRAY[{', '.join(map(literal, statements))}]::text[] FROM {table}"
    )


def _table_of_migrations(structure: Structure) -> str:
    return next(ddl.table(one) for one in structure.state if one.contract is Migrations)
