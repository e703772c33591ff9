"""Answers of the DuckDB file as functions and views of PostgreSQL, translated by hand.

Belongs here: making them. What they say is a file each, by the name that it has in the DuckDB file;
those that have none here are asked of the DuckDB file only. Does not belong here: tables.
"""

import re
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources
from itertools import takewhile

from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql.ddl import quoted
from spotify_assets.warehouse.databases.postgresql.recorded import made_by
from spotify_assets.warehouse.macros import macros
from spotify_assets.warehouse.tables import literal

SQL = resources.files(__package__)
NAMED = re.compile(r"\b([a-z_]+\.[a-z_]+)\b")


@cache
def translated() -> dict[str, str]:
    """The SQL of each answer by ``layer.name``, each after those that it uses."""
    found = {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in SQL.iterdir()
        if file.name.endswith(".sql")
    }
    uses = {
        name: sorted(set(NAMED.findall(_without_comments(found[name]))) & (found.keys() - {name}))
        for name in sorted(found)
    }
    return {name: found[name] for name in TopologicalSorter(uses).static_order()}


def only_in_duckdb() -> list[str]:
    """The answers that are not translated."""
    return sorted(macros().keys() - translated().keys())


def create(layers: Layers, time_zone: str) -> list[str]:
    """The statements that make them, or make them as they are now, with their comments.

    Args:
        layers: Where they go: each beside the tables of its layer.
        time_zone: IANA name of the listener's time zone.
    """
    places = layers.places([*WAREHOUSE, *translated()])
    statements = []
    for text in translated().values():
        head = takewhile(lambda line: line.startswith("--"), text.splitlines())
        comment = " ".join(line.removeprefix("--").strip() for line in head)
        sql = _placed(_without_comments(text), places).replace("$time_zone", literal(time_zone))
        sql = sql.strip().rstrip(";")
        [made] = made_by([sql]).values()
        statements += [sql, f"COMMENT ON {made.kind.name} {made.identity} IS {literal(comment)}"]
    return statements


def _placed(sql: str, places: Mapping[str, tuple[str, str]]) -> str:
    return NAMED.sub(lambda at: quoted(*places[at[1]]) if at[1] in places else at[1], sql)


def _without_comments(sql: str) -> str:
    return re.sub(r"^\s*--.*\n", "", sql, flags=re.M)
