"""Every play once, from all sources: the exports and what the API reported.

Belongs here: which rows are the same play, what was played, and how much of each day is known.
Does not belong here: reading files, and storing tables. Its SQL files run in one
connection, whose temporary tables they leave; each states its grain.

Source: ``typed_rows`` (rows of exports), ``import_files`` (the files), ``processed.plays``,
``processed.polls``, ``quarantine.plays`` and the catalogue's dimensions.
"""

import hashlib
from importlib import resources

import duckdb
import polars as pl

from spotify_assets.schemas import Contract, listening
from spotify_assets.transforms.listening.coverage import coverage, gaps
from spotify_assets.transforms.listening.reconciliation import pairs

RULES = 1
"""Raise it when a rule outside the SQL changes: in `reconciliation` or `coverage`."""
SQL = resources.files("spotify_assets.transforms.listening")
DERIVED: dict[type[Contract], str] = {
    listening.DimItem: "items",
    listening.FactPlay: "facts",
    listening.PlayCoverage: "coverage",
    listening.Imports: "imports",
    listening.PlayGaps: "gaps",
}
"""For each table the temporary one that holds its rows."""


OF_SOURCES = ("kinds", "reported", "rows", "extended", "account", "items")
OF_PLAYS = ("facts", "imports")

IS_OUTDATED = """
    SELECT count(*)
    FROM star.dim_item AS i
    JOIN star.dim_track AS t ON t.track_id = i.track_id AND t.is_current
    LEFT JOIN star.bridge_track_artist AS b ON b.track_id = t.track_id AND b.position = 1
    LEFT JOIN star.dim_artist AS a ON a.artist_id = b.artist_id AND a.is_current
    LEFT JOIN star.dim_album AS l ON l.album_id = t.album_id
    WHERE i.known_from <> 'catalogue'
        OR i.name <> t.name
        OR coalesce(a.name <> i.artist_name, false)
        OR coalesce(l.name <> i.album_name, false)
        OR coalesce(t.isrc IS DISTINCT FROM i.isrc AND t.isrc IS NOT NULL, false)"""
"""Counts the played tracks of which the catalogue knows more than `DimItem` says."""


def version() -> str:
    """The same for the same plays from the same files."""
    texts = [IS_OUTDATED, *(_text(step) for step in (*OF_SOURCES, "candidates", *OF_PLAYS))]
    return hashlib.sha256(repr((RULES, texts)).encode()).hexdigest()[:8]


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables of `DERIVED`.

    Args:
        connection: Has the sources named above, and the macro ``listening.play_class``.
    """
    for step in OF_SOURCES:
        _run(connection, step)
    same = pairs(connection.sql(_text("candidates")).pl())
    _keep(connection, "same_reported", same.rename({"left": "report_id", "right": "row_id"}))
    for step in OF_PLAYS:
        _run(connection, step)
    polls = connection.table("processed.polls").pl()
    imported = connection.table("imports").pl()
    per_day = connection.sql(
        "SELECT ended_at::DATE AS date, count(*) AS plays FROM facts GROUP BY ALL"
    ).pl()
    _keep(connection, "gaps", gaps(polls, imported))
    _keep(connection, "coverage", coverage(polls, imported, per_day))


def _run(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    connection.execute(_text(step))


def _keep(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register("made", frame.to_arrow())
    connection.execute(f"CREATE TEMP TABLE {name} AS FROM made")
    connection.unregister("made")


def _text(step: str) -> str:
    return SQL.joinpath(f"{step}.sql").read_text(encoding="utf-8")
