"""Every play once, from all sources: the exports and what the API reported.

Belongs here: which rows are the same play, what was played, and how much of each day is known.
Does not belong here: reading files, and storing tables. Its SQL files run in one
connection, whose temporary tables they leave; each states its grain.

Source: ``typed_rows`` (rows of exports), ``import_files`` (the files), ``processed.plays``,
``processed.polls``, ``quarantine.plays`` and the catalog's dimensions.
"""

import hashlib
from collections.abc import Callable
from importlib import resources

import duckdb
import polars as pl

from spotify_assets.schemas import Contract, listening
from spotify_assets.transforms.listening.coverage import coverage, gaps
from spotify_assets.transforms.listening.names import with_normal_forms
from spotify_assets.transforms.listening.reconciliation import (
    components,
    making_way,
    merged,
    pairs,
)

RULES = 6
"""Raise it when a rule outside the SQL changes: in a module of this package, or in `derive`."""
SQL = resources.files("spotify_assets.transforms.listening")
DERIVED: dict[type[Contract], str] = {
    listening.DimItem: "played_items",
    listening.FactPlay: "facts",
    listening.PlayCoverage: "coverage",
    listening.Imports: "imports",
    listening.PlayGaps: "gaps",
}
"""For each table the temporary one that holds its rows."""


TEXTS = (
    *("name_variants", "kinds", "item_names", "named", "source_records", "match_candidates"),
    *("account_matches", "exported", "items", "report_candidates", "earlier", "facts", "imports"),
)
IS_NEAR = "distance <= 2 OR 2 * overlap_ms >= greatest(one_ms, other_ms)"
OF_ACCOUNT = "SELECT count(*) > 0 FROM editions WHERE package = 'account'"
BOTH_EXTENDED = "one_package = 'extended' AND other_package = 'extended' AND entity <> 0"
BOTH_KINDS = "one_package = 'extended' AND other_package = 'account'"
NEAR_EXTENDED = f"{BOTH_EXTENDED} AND ({IS_NEAR})"
LATER_EXTENDED = f"{BOTH_EXTENDED} AND one_ms = other_ms AND distance <= 86400"
NEAR_ACCOUNT = f"{BOTH_KINDS} AND entity <> 0 AND ({IS_NEAR})"
LATER_ACCOUNT = f"""{BOTH_KINDS} AND one_ms = other_ms
    AND one_end BETWEEN other_at - INTERVAL 2 SECOND AND other_at + INTERVAL 1 DAY"""
TOLD_ONCE = "if(is_in_account, list_append(editions, 1 << 30), editions)"
"""All account data as one more file: at another time, it tells of a play once."""
ACCOUNT_ONLY = f"""one_package = 'account' AND other_package = 'account' AND entity <> 0
    AND ({IS_NEAR})"""

IS_OUTDATED = SQL.joinpath("outdated.sql").read_text(encoding="utf-8")
"""Counts the played tracks that the catalog describes otherwise than `DimItem` does."""


def version() -> str:
    """The same for the same plays from the same files."""
    texts = [IS_OUTDATED, NEAR_EXTENDED, LATER_EXTENDED, NEAR_ACCOUNT, LATER_ACCOUNT, ACCOUNT_ONLY]
    texts += [_text(name) for name in TEXTS]
    return hashlib.sha256(repr((RULES, texts)).encode()).hexdigest()[:8]


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables of `DERIVED`, by the steps of docs/listening.md.

    Args:
        connection: Has the sources named above, and the macro ``listening.play_class``.
    """
    _run(connection, "name_variants")
    _keep(connection, "spelled", with_normal_forms(connection.table("name_variants").pl()))
    _run(connection, "kinds")
    _run(connection, "item_names")
    _keep(connection, "normal_names", with_normal_forms(connection.table("all_names").pl()))
    _run(connection, "named")
    _keep(connection, "entities", _entities(connection))
    _run(connection, "source_records")
    _run(connection, "match_candidates")
    _merge(connection, NEAR_EXTENDED)
    _merge(connection, LATER_EXTENDED, _of_overlapping_files)
    if connection.sql(OF_ACCOUNT).fetchall() == [(True,)]:
        _apply(connection, connection.sql(_text("account_matches")).pl())
        _run(connection, "match_candidates")
        _merge(connection, NEAR_ACCOUNT)
        _merge(connection, LATER_ACCOUNT, editions=TOLD_ONCE)
        _merge(connection, ACCOUNT_ONLY)
    for step in ("exported", "items"):
        _run(connection, step)
    _match_reports(connection)
    for step in ("facts", "imports"):
        _run(connection, step)
    polls = connection.table("processed.polls").pl()
    imported = connection.sql(
        "SELECT i.*, f.ends_early FROM imports AS i JOIN import_files AS f USING (file_id)"
    ).pl()
    per_day = connection.sql(
        "SELECT ended_at::DATE AS date, count(*) AS plays FROM facts GROUP BY ALL"
    ).pl()
    _keep(connection, "gaps", gaps(polls, imported))
    _keep(connection, "coverage", coverage(polls, imported, per_day))


def _entities(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Items that are one entity, because a chain of the same names and ISRCs joins them."""
    marks = connection.table("marks").pl().drop_nulls()
    entity = components(marks.select("item_key", "mark").iter_rows())
    items = marks["item_key"].unique()
    schema = {"item_key": pl.Int64, "entity": pl.Int64}
    return pl.DataFrame(
        {"item_key": items, "entity": [entity[one] for one in items]}, schema=schema
    )


def _merge(
    connection: duckdb.DuckDBPyConnection,
    condition: str,
    keep: Callable[[duckdb.DuckDBPyConnection, pl.DataFrame], pl.DataFrame] | None = None,
    editions: str = "editions",
) -> None:
    """Make match candidates under a condition one play, where they are."""
    candidates = connection.sql(f"FROM match_candidates WHERE {condition}").pl()
    if keep is not None:
        candidates = keep(connection, candidates)
    if candidates.is_empty():
        return
    plays = connection.sql(
        f"SELECT DISTINCT play, {editions} AS editions, spoken_at AS ended_at, "
        "spoken_ms AS ms_played, item_key FROM told"
    ).pl()
    becomes = merged(plays, candidates)
    if not becomes.is_empty():
        _apply(connection, becomes)
        _run(connection, "match_candidates")


def _apply(connection: duckdb.DuckDBPyConnection, becomes: pl.DataFrame) -> None:
    _keep(connection, "becomes", becomes)
    connection.execute(
        "UPDATE source_records AS t SET play = b.of_play FROM becomes AS b WHERE t.play = b.play"
    )


def _of_overlapping_files(
    connection: duckdb.DuckDBPyConnection, candidates: pl.DataFrame
) -> pl.DataFrame:
    """Candidates told by files that both tell of another play."""
    told = connection.sql("SELECT DISTINCT editions FROM told WHERE len(editions) > 1").fetchall()
    both = {(one, other) for (files,) in told for one in files for other in files}
    overlap = [
        any((one, other) in both for one in ones for other in others)
        for ones, others in candidates.select("one_editions", "other_editions").rows()
    ]
    return candidates.filter(pl.Series(overlap, dtype=pl.Boolean))


def _match_reports(connection: duckdb.DuckDBPyConnection) -> None:
    """Which exported play each report is."""
    near = connection.sql(_text("report_candidates")).pl()
    same = pairs(near)
    _keep(connection, "same_reported", _by_row(same))
    earlier = connection.sql(_text("earlier")).pl()
    same = pl.concat([same, pairs(earlier.join(same, on="right", how="anti"))])
    _keep(connection, "same_reported", _by_row(making_way(same, near, earlier)))


def _by_row(same: pl.DataFrame) -> pl.DataFrame:
    return same.rename({"left": "report_id", "right": "row_id"})


def _run(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    connection.execute(_text(step))


def _keep(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register("made", frame.to_arrow())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM made")
    connection.unregister("made")


def _text(step: str) -> str:
    return SQL.joinpath(f"{step}.sql").read_text(encoding="utf-8")
