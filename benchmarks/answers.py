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
TARGETS_MS = (150, 1000)
"""For a size, and for ten times as many plays."""
PLAIN = {
    "top_tracks(20 years)": """
        SELECT recording, any_value(name), count(*) AS plays
        FROM counted JOIN star.dim_item USING (item_key)
        GROUP BY ALL ORDER BY plays DESC LIMIT 50
    """,
    "top_artists(20 years)": """
        SELECT artist_name, count(*) AS plays FROM counted JOIN star.dim_item USING (item_key)
        GROUP BY ALL ORDER BY plays DESC LIMIT 50
    """,
    "by_day(20 years)": "SELECT local_at::DATE, count(*) FROM counted GROUP BY 1 ORDER BY 1",
    "by_hour(20 years)": "SELECT hour(local_at), count(*) FROM counted GROUP BY 1 ORDER BY 1",
    "sessions(20 years) ORDER BY minutes DESC LIMIT 10": """
        SELECT
            session, min(local_at), max(local_at), count(*), sum(ms_heard) AS ms_played,
            arg_min(name, ended_at), arg_max(name, ended_at)
        FROM counted JOIN star.dim_item USING (item_key)
        GROUP BY session ORDER BY ms_played DESC LIMIT 10
    """,
    "new_artists(20 years)": """
        SELECT
            date_trunc('month', local_at) AS month, count(DISTINCT artist_name),
            count(DISTINCT artist_name) FILTER (WHERE date_trunc('month', local_at) = first_month)
        FROM counted
        JOIN star.dim_item USING (item_key)
        JOIN (
            SELECT artist_name, min(date_trunc('month', local_at)) AS first_month
            FROM counted JOIN star.dim_item USING (item_key)
            GROUP BY artist_name
        ) USING (artist_name)
        GROUP BY ALL ORDER BY month
    """,
    "top_by('hour', 'artist', 20 years, n := 1)": """
        SELECT hour(local_at) AS hour, artist_name, count(*) AS plays
        FROM counted JOIN star.dim_item USING (item_key)
        GROUP BY hour, artist_name
        QUALIFY row_number() OVER (PARTITION BY hour ORDER BY plays DESC) = 1 ORDER BY hour
    """,
}
"""The same asked of the tables, as one would write it: no coverage, movement or rule for ties."""
COUNTED = f"""
WITH counted AS (
    SELECT *, timezone('{TIME_ZONE}', timezone('UTC', ended_at)) AS local_at
    FROM star.fact_play
    WHERE kind = 'music' AND is_incognito IS NOT true AND coalesce(ms_played, 30000) >= 30000
)
"""


def bench(scale: Scale, folder: Path) -> list[Table]:
    """One table: the median of each answer, for two sizes, and of some the plain query's beside it.

    With its CPU time, because the wall time says little on a machine that others use too. A plain
    query runs in turns with the answer.
    """
    sizes = (scale.tracks, 10 * scale.tracks)
    shown = table(
        f"Answers (ms, and ms of CPU; medians of {scale.runs}, {THREADS} threads)",
        "FROM listening.…",
        *(column for size in sizes for column in (f"{size:,} plays", "plain query")),
    )
    medians = [_medians(size, scale.runs, folder / f"{size}.duckdb") for size in sizes]
    for name in ANSWERS:
        costs = [of_size.get(what) for of_size in medians for what in (name, PLAIN.get(name, ""))]
        shown.add_row(
            name,
            *(f"{c.wall_s * 1000:.0f} ({c.cpu_s * 1000:.0f})" if c else "" for c in costs),
        )
    said = []
    for size, of_size, target in zip(sizes, medians, TARGETS_MS, strict=True):
        slowest = max(of_size[name].wall_s * 1000 for name in ANSWERS)
        met = slowest < target
        what = f"slowest of {size:,} plays"
        said.append(verdict(what, f"{slowest:.0f} ms", f"< {target} ms", is_met=met))
    return [caption(shown, said)]


def _medians(plays: int, runs: int, path: Path) -> dict[str, Cost]:
    """What each answer, and each plain query, took from the question to its last row."""
    medians = {}
    with listened(plays, path) as connection:
        for name, answer in ANSWERS.items():
            say(f"{plays:,} plays: {name}")
            queries = {name: f"FROM listening.{answer}"}
            if plain := PLAIN.get(name):
                queries[plain] = COUNTED + plain
            taken: dict[str, list[Cost]] = {what: [] for what in queries}
            for number in range(1 + runs):
                for what, query in queries.items():
                    with taking() as cost:
                        connection.execute(query).fetchall()
                    # The first time reads the file.
                    if number:
                        taken[what].append(cost)
            for what, costs in taken.items():
                medians[what] = Cost(
                    statistics.median(cost.wall_s for cost in costs),
                    statistics.median(cost.cpu_s for cost in costs),
                )
    return medians


@contextmanager
def listened(plays: int, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
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
