"""What has to be made or changed so that the tables are as the contracts say.

Belongs here: comparing the target's catalog with the contracts. Does not belong here: rows.
"""

import hashlib
from collections.abc import Iterable

from spotify_assets.warehouse.databases.errors import ChangeRefused
from spotify_assets.warehouse.databases.mysql import ddl
from spotify_assets.warehouse.databases.mysql.session import Session
from spotify_assets.warehouse.databases.relations import Relation
from spotify_assets.warehouse.tables import identifier, literal

COLUMNS = (
    "SELECT table_schema, table_name, column_name, column_type FROM information_schema.columns "
    "WHERE table_schema IN ({})"
)


def plan(session: Session, tables: Iterable[Relation], *, full_refresh: bool = False) -> list[str]:
    """The statements; none where all is as it should be.

    Raises:
        ChangeRefused: Something cannot be changed in place, and is not to be made again.
    """
    # So sorted, a table comes after those that it refers to.
    every = sorted(tables, key=lambda one: len(one.foreign_keys))
    databases = list(dict.fromkeys(one.schema for one in every))
    there = {name for (name,) in session.rows("SHOW DATABASES")}
    held: dict[tuple[str, str], dict[str, str]] = {}
    named = ", ".join(map(literal, databases))
    for schema, table, column, kind in session.rows(COLUMNS.format(named)):
        held.setdefault((schema, table), {})[column] = _plain(str(kind))
    statements = [f"CREATE DATABASE {identifier(one)}" for one in databases if one not in there]
    refused: list[str] = []
    for one in every:
        columns = held.get((one.schema, one.name))
        changes, in_the_way = ([], []) if columns is None else _changes(one, columns)
        if in_the_way and full_refresh:
            statements.append(f"DROP TABLE {ddl.table(one)}")
        if columns is None or (in_the_way and full_refresh):
            statements.append(ddl.create_table(one, session.collation))
        else:
            statements += changes
            refused += in_the_way
    if refused:
        raise ChangeRefused(
            "The tables cannot be changed in place to what the contracts say now: "
            f"{'; '.join(refused)}. `spotify-assets publish-to --full-refresh` makes them again."
        )
    return statements


def version(tables: Iterable[Relation]) -> str:
    """What all tables are, as a hash."""
    return hashlib.sha256(repr([ddl.create_table(one, "") for one in tables]).encode()).hexdigest()


def _changes(relation: Relation, held: dict[str, str]) -> tuple[list[str], list[str]]:
    """In place, and what cannot be."""
    changes, in_the_way = [], []
    name, on = f"{relation.schema}.{relation.name}", f"ALTER TABLE {ddl.table(relation)}"
    wanted = {column: _plain(kind) for column, kind in ddl.types(relation).items()}
    for column, kind in wanted.items():
        if column not in held and column not in relation.key:
            changes.append(f"{on} ADD COLUMN {ddl.column(relation, column)}")
        elif column not in held:
            in_the_way.append(f"{name} lacks {column} of its key")
        elif (held[column], kind) in ddl.WIDER:
            changes.append(f"{on} MODIFY COLUMN {ddl.column(relation, column)}")
        elif held[column] != kind:
            in_the_way.append(f"{name}.{column} is {held[column]} and becomes {kind}")
    in_the_way += [f"{name}.{one} is in no contract any more" for one in held if one not in wanted]
    return changes, in_the_way


def _plain(kind: str) -> str:
    """MariaDB shows widths of numbers, and JSON as the text that it is there."""
    for number in ("int", "bigint"):
        if kind.startswith(f"{number}("):
            return number
    return "longtext" if kind == "json" else kind
