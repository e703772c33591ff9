"""``tables`` and ``describe``: what there is to ask, in the words of the DuckDB file itself.

Belongs here: showing it. Does not belong here: reading it (`warehouse.exporting`).
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from spotify_assets.commands.exit_codes import FAILED, settings_or_stop, stop
from spotify_assets.commands.terminal import out, show_record, show_table
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse import inventory
from spotify_assets.warehouse.inventory import Entry
from spotify_assets.warehouse.reading import read_only

GRAIN = re.compile(r"\s*Grain: (.+?)\.(?=\s|$)")
KEYS = re.compile(r"(?<=\.) Key: .*$")
"""Of a table that has a contract: shown apart, as the contract has them."""
EXAMPLES = 3


def tables() -> None:
    """List every table, view and macro of the warehouse, and what one row of it is."""
    with _asked() as (connection, _):
        rows = [
            (entry.full_name, entry.kind, _count(connection, entry), _in_short(entry.comment))
            for entry in inventory.entries(connection)
        ]
    show_table("", ["name", "kind", "rows", "what it is"], rows)


def describe(
    name: Annotated[str, typer.Argument(help="Table, view or macro, e.g. rankings.top_tracks.")],
) -> None:
    """Say what a table, view or macro is: its columns with examples, or its parameters and SQL."""
    with _asked() as (connection, scratch):
        entry = inventory.find(inventory.entries(connection), name)
        if "macro" in entry.kind:
            _describe_macro(connection, entry, scratch)
        else:
            _describe_table(connection, entry)


@contextmanager
def _asked() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """The warehouse and its scratch folder; where it does not answer, the command ends."""
    try:
        with (
            tempfile.TemporaryDirectory() as scratch,
            read_only(settings_or_stop(secrets=False).database, Path(scratch)) as connection,
        ):
            yield connection, Path(scratch).resolve()
    except duckdb.Error as error:
        stop(f"The warehouse cannot be read: {error}", FAILED)


def _count(connection: duckdb.DuckDBPyConnection, entry: Entry) -> int | None:
    if entry.kind != "table":
        return None
    return int(connection.execute(f"SELECT count(*) FROM {entry.sql}").fetchall()[0][0])  # noqa: S608 - a name from the catalog, quoted


def _in_short(comment: str) -> str:
    """The grain, else the first sentence."""
    grain = GRAIN.search(comment)
    return grain[1] if grain else re.split(r"(?<=[.;])\s", comment, maxsplit=1)[0].rstrip(".;")


def _about(entry: Entry) -> dict[str, str]:
    """What the comment says, with the grain apart."""
    grain = GRAIN.search(entry.comment)
    facts = {"kind": entry.kind, "what it is": GRAIN.sub("", KEYS.sub("", entry.comment), count=1)}
    return {**facts, "grain": grain[1]} if grain else facts


def _describe_table(connection: duckdb.DuckDBPyConnection, entry: Entry) -> None:
    """Text and types are the file's own; keys and rules of tables that have a contract."""
    contract = WAREHOUSE.get(entry.full_name) if entry.kind == "table" else None
    facts = _about(entry)
    if contract:
        facts["key"] = ", ".join(contract.key())
    for names, target in contract.references().items() if contract else ():
        there, found = f"found in {target}", ", ".join(names)
        facts[there] = f"{facts[there]}; {found}" if there in facts else found
    show_record(entry.full_name, facts)
    rules = {column.name: column for column in contract.columns()} if contract else {}
    held = inventory.columns(connection, entry)
    rows = []
    for column in held:
        rule = rules.get(column.name)
        null = "yes" if rule and rule.nullable else ""
        rows.append([column.name, column.type, null, rule.rule if rule else "", column.comment])
    show_table("", ["column", "type", "null", "rule", "what it is"], rows)
    query = inventory.rows_of(connection, entry)
    examples = connection.execute(f"FROM ({query}) LIMIT {EXAMPLES}").fetchall()
    if examples:
        heads = [f"row {number}" for number in range(1, len(examples) + 1)]
        by_column = zip((column.name for column in held), *examples, strict=True)
        show_table("", ["column", *heads], [list(row) for row in by_column])


def _describe_macro(connection: duckdb.DuckDBPyConnection, entry: Entry, scratch: Path) -> None:
    definition = inventory.definition(connection, entry, scratch)
    called = f"{entry.full_name}({inventory.signature(definition)})"
    call = f"FROM {called}" if entry.kind == "table macro" else f"SELECT {called}"
    show_record(entry.full_name, {**_about(entry), "call": call})
    out.print(definition, soft_wrap=True)
