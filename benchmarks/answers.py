"""How fast the warehouse answers what people ask of their listening.

The plays are made by DuckDB from hashes: the same in every run. Twenty years of days, a few
favourites that are played most, twelve plays a session.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import duckdb
from rich.table import Table

from benchmarks.measuring import Cost, taking
from benchmarks.reporting import caption, say, table, verdict
from benchmarks.scale import Scale
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.macros import create_macros
from spotify_assets.warehouse.tables import create

SQL = resources.files("benchmarks").joinpath("answers.sql").read_text()

THREADS = 2
TIME_ZONE = "America/Sao_Paulo"
"""One of the zones whose clocks changed at midnight."""
ITEMS_EACH = 10
MAX_ITEMS = 100_000
ALWAYS, YEAR = "'2006-01-01', '2025-12-31'", "'2020-01-01', '2020-12-31'"
OF_A_WINDOW = (
    "top_tracks({})",
    "top_artists({})",
    "top_albums({})",
    "by_day({})",
    "by_hour({})",
    "by_weekday({})",
    "sessions({}) ORDER BY minutes DESC LIMIT 10",
    "discovery({})",
    "skip_rate({})",
    "completion_rate({})",
    "new_artists({})",
    "genres({})",
    "first_and_last('artist', {}) LIMIT 10",
    "top_by('hour', 'artist', {}, n := 1)",
    "by_context('platform', {})",
)
ANSWERS = {
    **{f"{answer.format('the year 2020')}": answer.format(YEAR) for answer in OF_A_WINDOW},
    **{f"{answer.format('20 years')}": answer.format(ALWAYS) for answer in OF_A_WINDOW},
    "streaks()": "streaks()",
    "on_this_day('2025-06-01')": "on_this_day('2025-06-01')",
    "year_in_review(2020)": "year_in_review(2020)",
    "year_compared(2020)": "year_compared(2020)",
    "forgotten('artist', '2025-06-01')": "forgotten('artist', '2025-06-01')",
}
TARGETS_MS = (200, 1000)
"""For a size, and for ten times as many plays."""


def bench(scale: Scale, folder: Path) -> list[Table]:
    """One table: the median of each answer, for two sizes.

    With its CPU time, because the wall time says little on a machine that others use too.
    """
    sizes = (scale.tracks, 10 * scale.tracks)
    shown = table(
        f"Answers (ms, and ms of CPU; medians of {scale.runs}, {THREADS} threads)",
        "FROM listening.…",
        *(f"{size:,} plays" for size in sizes),
    )
    medians = [_medians(size, scale.runs, folder / f"{size}.duckdb") for size in sizes]
    for name in ANSWERS:
        costs = [of_size[name] for of_size in medians]
        shown.add_row(
            name, *(f"{cost.wall_s * 1000:.0f} ({cost.cpu_s * 1000:.0f})" for cost in costs)
        )
    said = []
    for size, of_size, target in zip(sizes, medians, TARGETS_MS, strict=True):
        slowest = max(cost.wall_s * 1000 for cost in of_size.values())
        met = slowest < target
        what = f"slowest of {size:,} plays"
        said.append(verdict(what, f"{slowest:.0f} ms", f"< {target} ms", is_met=met))
    return [caption(shown, said)]


def _medians(plays: int, runs: int, path: Path) -> dict[str, Cost]:
    """What each answer took, from the question to its last row."""
    medians = {}
    with _listened(plays, path) as connection:
        for name, answer in ANSWERS.items():
            say(f"{plays:,} plays: {name}")
            connection.execute(f"FROM listening.{answer}").fetchall()
            taken = []
            for _ in range(runs):
                with taking() as cost:
                    connection.execute(f"FROM listening.{answer}").fetchall()
                taken.append(cost)
            medians[name] = Cost(
                statistics.median(cost.wall_s for cost in taken),
                statistics.median(cost.cpu_s for cost in taken),
            )
    return medians


@contextmanager
def _listened(plays: int, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file with so many plays, as a publication leaves it."""
    say(f"making {plays:,} plays")
    with duckdb.connect(path, config={"threads": THREADS}) as connection:
        create(connection, WAREHOUSE.values())
        connection.execute("SET VARIABLE plays = ?", [plays])
        connection.execute("SET VARIABLE items = ?", [min(plays // ITEMS_EACH, MAX_ITEMS)])
        create_macros(connection, TIME_ZONE)
        connection.execute(SQL)
        connection.execute("CHECKPOINT")
    with duckdb.connect(path, read_only=True, config={"threads": THREADS}) as connection:
        yield connection
