"""What the DuckDB file holds: its tables, views and macros, by the file's own catalog.

Belongs here: listing and finding them, and what is said of each. Does not belong here: how that is
shown, and writing any of it elsewhere.
"""

import difflib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import BaseModel

from spotify_assets.schemas import WAREHOUSE
from spotify_assets.storage.errors import FailureKind, ProjectError
from spotify_assets.warehouse.tables import identifier, literal

Kind = Literal["table", "view", "macro", "table macro"]


COMMENT_ON: dict[Kind, str] = {
    "table": "TABLE",
    "view": "VIEW",
    "table macro": "MACRO TABLE",
    "macro": "MACRO",
}


IDENTIFIER = r'(?:"(?:[^"]|"")+"|\w+)'


CREATED = re.compile(rf"CREATE (?:MACRO|VIEW) (?:({IDENTIFIER})\.)?({IDENTIFIER})")


class WrongRequest(ProjectError):
    """What was asked for cannot be: an unknown name, a wrong query, an ending of no format."""

    kind = FailureKind.USAGE


@dataclass(frozen=True)
class Entry:
    """A table, view or macro of the file."""

    schema: str
    name: str
    kind: Kind
    comment: str
    """Empty where there is none."""

    @property
    def full_name(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """The same, for a statement."""
        return f"{identifier(self.schema)}.{identifier(self.name)}"


class Column(BaseModel):
    """A column, as the catalog of the file has it."""

    name: str
    type: str
    comment: str | None


def entries(connection: duckdb.DuckDBPyConnection) -> list[Entry]:
    """All tables, views and macros of the file, by kind and name."""
    found = connection.execute(
        """
        SELECT schema_name, table_name, 'table' AS kind, coalesce(comment, '') AS comment
        FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal
        UNION ALL
        SELECT schema_name, view_name, 'view', coalesce(comment, '')
        FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
        UNION ALL
        SELECT DISTINCT
            schema_name, function_name, replace(function_type, '_', ' '), coalesce(comment, '')
        FROM duckdb_functions() WHERE database_name = current_database() AND NOT internal
        """
    ).fetchall()
    kinds = list(COMMENT_ON)
    listed = (Entry(*row) for row in found)
    return sorted(listed, key=lambda entry: (kinds.index(entry.kind), entry.full_name))


def find(listed: Sequence[Entry], name: str) -> Entry:
    """The entry of that name, with its schema or, where it is the only one, without.

    Raises:
        WrongRequest: There is none, or several; the message names those that may be meant.
    """
    for meant in (
        [entry for entry in listed if entry.full_name == name],
        [entry for entry in listed if entry.name == name],
    ):
        if len(meant) == 1:
            return meant[0]
        if meant:
            names = ", ".join(f"{entry.full_name} ({entry.kind})" for entry in meant)
            raise WrongRequest(f"{name} can be {names}. Say which, with its schema.")
    known = {word for entry in listed for word in (entry.full_name, entry.name)}
    near = dict.fromkeys(
        entry.full_name
        for word in difflib.get_close_matches(name, sorted(known))
        for entry in listed
        if word in (entry.full_name, entry.name)
    )
    guess = f" Did you mean {', '.join(near)}?" if near else ""
    raise WrongRequest(f"There is no {name}.{guess} `spotify-assets tables` lists what there is.")


def columns(connection: duckdb.DuckDBPyConnection, entry: Entry) -> list[Column]:
    """The columns of a table or view, in order."""
    rows = connection.execute(
        "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = ? "
        "AND table_name = ? AND database_name = current_database() ORDER BY column_index",
        [entry.schema, entry.name],
    ).fetchall()
    return [Column(name=name, type=type_, comment=comment) for name, type_, comment in rows]


def definition(connection: duckdb.DuckDBPyConnection, entry: Entry, scratch: Path) -> str:
    """The statement that makes a macro or view; arguments as `schema_of` has them."""
    return next(sql for sql in schema_of(connection, scratch) if created(sql) == entry.full_name)


def signature(definition: str) -> str:
    """The parameters of a macro as its definition has them, e.g. ``from_date, n := 50``."""
    return definition.partition("(")[2].partition(") AS ")[0]


def rows_of(connection: duckdb.DuckDBPyConnection, entry: Entry) -> str:
    """The query for all rows of a table or view; by its key where a contract names one."""
    contract = WAREHOUSE.get(entry.full_name)
    key = contract.key() if contract and entry.kind == "table" else ()
    # A file of another version may lack some.
    held = {column.name for column in columns(connection, entry)}
    order = ", ".join(identifier(name) for name in key) if held.issuperset(key) else ""
    return f"FROM {entry.sql}" + (f" ORDER BY {order}" if order else "")


def schema_of(connection: duckdb.DuckDBPyConnection, scratch: Path) -> list[str]:
    """The statements that make what the file holds, but for its rows and comments.

    Only DuckDB's own export tells the defaults of a macro's parameters.

    Args:
        connection: To the file.
        scratch: A folder in which the connection may write.
    """
    (held,) = connection.execute("SELECT current_database()").fetchall()[0]
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        # Not in memory: a connection that reads only has no other databases there.
        shape, exported = Path(folder, "shape.duckdb"), Path(folder, "exported")
        connection.execute(f"ATTACH {literal(str(shape))} AS shape (READ_WRITE)")
        try:
            connection.execute(f"COPY FROM DATABASE {identifier(held)} TO shape (SCHEMA)")
            connection.execute(f"EXPORT DATABASE shape TO {literal(str(exported))}")
        finally:
            connection.execute("DETACH shape")
        text = (exported / "schema.sql").read_text(encoding="utf-8")
    return [statement.query.strip("; \n") for statement in duckdb.extract_statements(text)]


def created(statement: str) -> str | None:
    """Name and schema of the macro or view that a statement makes, if it makes one."""
    made = CREATED.match(statement)
    if made is None:
        return None
    return ".".join(_unquoted(part) for part in (made[1] or "main", made[2]))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
