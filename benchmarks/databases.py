r"""Bench ``databases``: the facts in PostgreSQL, beside ``psql \\copy`` into the same keyed table.

The server is that of the tests, on this machine. The peer's table has the same keys, indexes and
foreign keys, made by ``publish-to --print-ddl``, and the dimensions are there; it gets the facts
alone, from a file that is there already.
"""

import datetime as dt
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
from pydantic import SecretStr
from rich.table import Table

from benchmarks.measuring import Cost, Spread, run, taking
from benchmarks.reporting import caption, say, seconds, table, verdict
from benchmarks.scale import Scale
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql.target import PostgreSQL
from spotify_assets.warehouse.macros import create_macros
from spotify_assets.warehouse.tables import create
from spotify_assets_tests.warehouse.databases.postgresql.server import Server, binaries, running

TRACKS = 200
"""Facts of a genre-day."""
DIMENSIONS = ("dim_genre", "dim_date", "dim_track")


@dataclass(frozen=True)
class Size:
    """Genre-days of the first publication, and of the large one."""

    genres: int
    first_days: int
    large_days: int


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Publish, copy, publish more, publish nothing."""
    size = Size(10, 2, 4) if scale.is_smoke else Size(100, 50, 500)
    with running(max_wal_size="8GB", shared_buffers="512MB") as server:
        first = _first(server, folder, size, scale.runs)
        return [first, _more(server, folder, size, scale.runs)]


def _first(server: Server, folder: Path, size: Size, runs: int) -> Table:
    file = _file(folder / "first.duckdb", size.genres, size.first_days)
    facts = size.genres * size.first_days * TRACKS
    given = folder / "facts.csv"
    with duckdb.connect(file, read_only=True) as connection:
        connection.execute(f"COPY star.fact_track_daily TO '{given}'")
    ours, theirs = [], []
    for number in range(runs):
        say(f"databases: {facts:,} facts by publish-to, then by psql ({number + 1} of {runs})")
        with taking() as cost:
            target(server, f"ours_{number}").publish(file)
        ours.append(cost.wall_s)
        theirs.append(_copy(server, f"theirs_{number}", file, given))
    shown = table(f"databases: {facts:,} facts of tracks, first publication", "", "s", "rows/s")
    for name, taken in (("publish-to, all tables", ours), ("psql \\copy, the facts", theirs)):
        spread = Spread.of(taken)
        shown.add_row(name, seconds(spread), f"{facts / spread.median:,.0f}")
    share = Spread.of(theirs).median / Spread.of(ours).median
    return caption(
        shown, [verdict("rows/s beside psql", f"{share:.2f}", "≥ 0.5", is_met=share >= 0.5)]
    )


def _copy(server: Server, name: str, file: Path, given: Path) -> float:
    """The seconds of `psql` for the facts alone, into the table with all its keys."""
    made = target(server, name)
    script = given.with_suffix(".sql")
    script.write_text(made.statements(), encoding="utf-8")
    _psql(server, name, "-f", str(script))
    for each in DIMENSIONS:
        rows = given.with_name(f"{each}.csv")
        with duckdb.connect(file, read_only=True) as connection:
            connection.execute(f"COPY star.{each} TO '{rows}'")
        _psql(server, name, "-c", f"\\copy gold.{each} FROM '{rows}' CSV HEADER")
    columns = ", ".join(WAREHOUSE["star.fact_track_daily"].polars_schema().names())
    with taking() as cost:
        what = f"\\copy gold.fact_track_daily ({columns}) FROM '{given}' CSV HEADER"
        _psql(server, name, "-c", what)
    return cost.wall_s


def _more(server: Server, folder: Path, size: Size, runs: int) -> Table:
    """Whole commands, Python's start and all: a genre-day more, and nothing to do."""
    data = folder / "data"
    data.mkdir()
    file = _file(data / "spotify.duckdb", size.genres, size.large_days)
    facts = size.genres * size.large_days * TRACKS
    say(f"databases: {facts:,} facts are there first")
    target(server, "large").publish(file)
    environment = {
        "SPOTIFY_ASSETS_DATA_DIR": str(data),
        "SPOTIFY_PUBLISH_URL": server.url("large").get_secret_value(),
    }
    command = [sys.executable, "-m", "spotify_assets", "publish-to"]
    more: list[Cost] = []
    nothing: list[Cost] = []
    for number in range(runs):
        say(f"databases: a genre-day more ({number + 1} of {runs})")
        _add_genre_day(file, size.large_days + number)
        for taken in (more, nothing):
            taken.append(run(command, cwd=folder, environment=environment).cost)
    shown = table(f"databases: whole commands, into {facts:,} facts", "", "wall, s", "CPU, s")
    lines = []
    for name, costs, most in (("a genre-day more", more, 2.0), ("nothing to do", nothing, 1.5)):
        wall = Spread.of(cost.wall_s for cost in costs)
        cpu = Spread.of(cost.cpu_s for cost in costs)
        shown.add_row(name, seconds(wall), seconds(cpu))
        lines.append(
            verdict(name, f"{wall.median:.2f} s", f"< {most} s", is_met=wall.median < most)
        )
    return caption(shown, lines)


def target(server: Server, name: str) -> PostgreSQL:
    """A database of that name, new."""
    _psql(server, "postgres", "-c", f"CREATE DATABASE {name}")
    return PostgreSQL(SecretStr(server.url(name).get_secret_value()), Layers(), "UTC")


def _file(path: Path, genres: int, days: int) -> Path:
    say(f"databases: making a file with {genres * days * TRACKS:,} facts")
    sql = resources.files("benchmarks").joinpath("databases.sql").read_text(encoding="utf-8")
    sizes = {"$genres": genres, "$days": days, "$tracks": TRACKS}
    for name, number in sizes.items():
        sql = sql.replace(name, str(number))
    with duckdb.connect(path) as connection:
        create(connection, WAREHOUSE.values())
        create_macros(connection, "UTC")
        connection.execute(sql)
    return path


def _add_genre_day(file: Path, number: int) -> None:
    """As a publication does: in a copy that takes the file's place."""
    copy = file.with_name("next")
    shutil.copyfile(file, copy)
    date = dt.date(2025, 1, 1) + dt.timedelta(days=number)
    with duckdb.connect(copy) as connection:
        connection.execute(
            "INSERT INTO star.dim_date SELECT $1, year($1), quarter($1), month($1), day($1), "
            "week($1), isodow($1), isodow($1) > 5",
            [date],
        )
        connection.execute(
            "UPDATE star.dim_genre SET last_date = $1, days_collected = days_collected + 1 "
            "WHERE genre = 'genre 7'",
            [date],
        )
        connection.execute(
            "INSERT INTO star.fact_track_daily SELECT * REPLACE ($1 AS date) "
            "FROM star.fact_track_daily WHERE genre = 'genre 7' AND date = DATE '2025-01-01'",
            [date],
        )
    copy.replace(file)


def _psql(server: Server, name: str, *words: str) -> None:
    program = binaries(with_tls=False) / "psql"
    url = server.url(name).get_secret_value()
    subprocess.run([program, "-q", "-v", "ON_ERROR_STOP=1", url, *words], check=True)
