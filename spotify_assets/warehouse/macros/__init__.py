"""The macros and views that answer what people ask of their listening, made in the DuckDB file.

Belongs here: making them. Does not belong here: what they say; each is an SQL file in the folder of
its domain, whose first comment says what it answers, of which grain, for which parameters. A file
that is put there is made.
"""

import re
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources
from itertools import takewhile

import duckdb

from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.tables import literal

SQL = resources.files(__package__)


@cache
def macros() -> dict[str, str]:
    """The SQL of all macros and views by ``schema.name``, each after those that it uses.

    DuckDB looks up what a macro uses when it is made.
    """
    found = {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for domain in SQL.iterdir()
        if domain.is_dir()
        for file in domain.iterdir()
        if file.name.endswith(".sql")
    }
    # Sorted: the order is the same in every process.
    uses = {name: sorted(_used(found[name]) & (found.keys() - {name})) for name in sorted(found)}
    return {name: found[name] for name in TopologicalSorter(uses).static_order()}


def create_macros(connection: duckdb.DuckDBPyConnection, time_zone: str) -> None:
    """Make all macros and views again, with their comments.

    Args:
        connection: To a file whose tables are there: all that are asked.
        time_zone: IANA name of the listener's time zone, e.g. ``America/Sao_Paulo``.

    Raises:
        WarehouseError: There is no such time zone.
    """
    known = "SELECT 1 FROM pg_timezone_names() WHERE name = ?"
    if connection.execute(known, [time_zone]).fetchone() is None:
        raise WarehouseError(
            f"{time_zone!r} is no time zone. Set one by its IANA name, e.g. 'America/Sao_Paulo'."
        )
    for schema in dict.fromkeys(name.partition(".")[0] for name in macros()):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for name, text in macros().items():
        # DDL takes no parameters.
        connection.execute(text.replace("$time_zone", literal(time_zone)))
        what = f"{_kind(text)} {name}"
        connection.execute(f"COMMENT ON {what} IS {literal(_comment(text))}")
        if _kind(text) == "VIEW":
            _describe_columns(connection, name, text)


def _used(sql: str) -> set[str]:
    """All that is called ``schema.name`` in it, comments apart."""
    return set(re.findall(r"\b\w+\.\w+\b", re.sub(r"--.*", "", sql)))


def _describe_columns(connection: duckdb.DuckDBPyConnection, view: str, sql: str) -> None:
    """Give each column of a view the comment of the first table of its SQL that has the column.

    Columns that only the view has stay without.
    """
    schema, _, name = view.partition(".")
    described = connection.execute(
        """
        WITH known AS (
            SELECT *, schema_name || '.' || table_name AS full_name
            FROM duckdb_columns()
            WHERE database_name = current_database()
        )
        SELECT made.column_name, arg_min(source.comment, strpos($sql, source.full_name))
        FROM known AS made
        JOIN known AS source USING (column_name)
        WHERE
            made.schema_name = $schema
            AND made.table_name = $name
            AND source.comment IS NOT NULL
            AND regexp_matches($sql, '\\b' || regexp_escape(source.full_name) || '\\b')
        GROUP BY made.column_name
        """,
        {"sql": sql, "schema": schema, "name": name},
    ).fetchall()
    for column, comment in described:
        connection.execute(f'COMMENT ON COLUMN {view}."{column}" IS {literal(comment)}')


def _kind(sql: str) -> str:
    if "CREATE OR REPLACE VIEW" in sql:
        return "VIEW"
    return "MACRO TABLE" if "AS TABLE" in sql else "MACRO"


def _comment(sql: str) -> str:
    """The comment at the head of the file, as one paragraph."""
    lines = takewhile(lambda line: line.startswith("--"), sql.splitlines())
    return " ".join(line.removeprefix("--").strip() for line in lines)
