"""What migrations made in the target, read off the statements that they noted there.

Only that is ever taken away: what the user made beside it stays.

Belongs here: telling what a statement makes, and what undoes it. Does not belong here: what should
be there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

Place = tuple[str, str]

NAME = r'"(?:[^"]|"")+"'
ON = rf"(?P<schema>{NAME})\.(?P<table>{NAME})"
DEFAULTS = r"\s+DEFAULT\s+(ARRAY\[[^\]]*\]|'[^']*'|[^,]+)"


class Kind(Enum):
    """What is made: the statement that makes it, and the one that undoes it."""

    TABLE = (rf"CREATE TABLE {ON} ", "DROP TABLE {schema}.{table}")
    CONSTRAINT = (
        rf"ALTER TABLE {ON} ADD CONSTRAINT (?P<name>{NAME}) ",
        "ALTER TABLE {schema}.{table} DROP CONSTRAINT {name}",
    )
    INDEX = (rf"CREATE INDEX (?P<name>{NAME}) ON {ON} ", "DROP INDEX {schema}.{name}")
    VIEW = (rf"CREATE OR REPLACE VIEW {ON}\s", "DROP VIEW IF EXISTS {schema}.{table}")
    FUNCTION = (
        rf"CREATE OR REPLACE FUNCTION {ON}\s*\((?P<arguments>.*?)\)\s*RETURNS\s",
        "DROP FUNCTION IF EXISTS {schema}.{table}({arguments})",
    )


ANSWERS = (Kind.VIEW, Kind.FUNCTION)


@dataclass(frozen=True)
class Made:
    """What one statement made."""

    kind: Kind
    place: Place
    """Schema and name: of the table, for what belongs to one."""
    name: str
    """Of the constraint or index; else empty."""
    statement: str
    undo: str
    """The statement that takes it away."""

    @property
    def identity(self) -> str:
        """An answer's name; a function's with its arguments, because several can have one name."""
        return self.undo.partition(" IF EXISTS ")[2]

    @property
    def is_foreign_key(self) -> bool:
        """Whether it refers to another table."""
        return self.kind is Kind.CONSTRAINT and " FOREIGN KEY " in self.statement

    @property
    def is_primary_key(self) -> bool:
        """Whether it identifies rows: another one needs another table."""
        return self.kind is Kind.CONSTRAINT and " PRIMARY KEY " in self.statement


def made_by(statements: Iterable[str]) -> dict[str, Made]:
    """What they made and did not take away again, by what undoes it, in order."""
    found: dict[str, Made] = {}
    for statement in statements:
        found.pop(statement, None)
        if made := _made(statement):
            found.pop(made.undo, None)
            found[made.undo] = made
    return found


def _made(statement: str) -> Made | None:
    for kind in Kind:
        makes, undoes = kind.value
        if at := re.match(makes, statement, re.S):
            parts = at.groupdict()
            # A function is known by the types of its arguments; what they are by default is no part
            # of that.
            parts["arguments"] = " ".join(
                re.sub(DEFAULTS, "", parts.get("arguments") or "").split()
            )
            place = _plain(parts["schema"]), _plain(parts["table"])
            name = _plain(parts.get("name") or '""')
            return Made(kind, place, name, statement, undoes.format(**parts))
    return None


def _plain(quoted: str) -> str:
    return quoted[1:-1].replace('""', '"')
