"""Program: many genre-days from raw to published by the project's own functions, without Dagster.

``python -m benchmarks.again <data folder> <days> [<sandbox URL>]`` collects what the folder does
not hold yet where a URL is given; without one it makes all tables of what it holds, and prints a
JSON list of what each step took.
"""

import datetime as dt
import json
import sys
from contextlib import closing
from pathlib import Path

import polars as pl

from benchmarks.measuring import taking
from spotify_assets.defs.catalog.raw_file import raw_file
from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.log import Origin
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import by_genre_day, partitions, write_days
from spotify_assets.schemas import FACTS, RANKED, Contract
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.transforms.catalog.responses import process
from spotify_assets.transforms.expressions import inputs, sql
from spotify_assets.warehouse.compute import compute
from spotify_assets.warehouse.publication.publish import publish

GENRES = ("rock", "pop", "samba", "rap", "edm", "metal")
LAST_DAY = dt.date(2026, 11, 20)
ARTISTS, TRACKS = 50, 200


def genre_days(days: int) -> list[GenreDay]:
    """So many days of each genre."""
    return [
        GenreDay(genre, LAST_DAY - dt.timedelta(days=n)) for genre in GENRES for n in range(days)
    ]


def main() -> None:
    """Collect, or make."""
    folder, days = Path(sys.argv[1]).resolve(), genre_days(int(sys.argv[2]))
    lake = Lake(folder / "lake")
    if len(sys.argv) > 3:
        _collect(lake, folder, days, sys.argv[3])
    else:
        print(json.dumps(_make_all(lake, folder, days)))


def _collect(lake: Lake, folder: Path, days: list[GenreDay], url: str) -> None:
    terms = CollectionParameters("sandbox", "BR", ARTISTS, TRACKS)
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        for day in days:
            client = Client(Connection.to_sandbox(url), ledger, limits=Limits(None), day=day.date)
            collect(client, RawPartition(lake, day), terms, today=day.date)


def _make_all(lake: Lake, folder: Path, days: list[GenreDay]) -> list[tuple[str, float, float]]:
    taken = []
    with taking() as cost:
        sealed = [one for day in days if (one := RawPartition(lake, day).latest())]
        _write(lake, days, process([raw_file(one) for one in sealed], threads=2))
    taken.append(("process", cost.wall_s, cost.cpu_s))
    for name, contracts in (("rank", RANKED), ("facts", FACTS)):
        with taking() as cost:
            for contract in contracts:
                _make(lake, days, contract)
        taken.append((name, cost.wall_s, cost.cpu_s))
    with taking() as cost:
        publish(lake, folder / "own.duckdb", queries())
    taken.append(("publish", cost.wall_s, cost.cpu_s))
    return taken


def _make(lake: Lake, days: list[GenreDay], contract: type[Contract]) -> None:
    there = {table: dict(partitions(lake, table)) for table in inputs(contract)}
    files = {table: [paths[day] for day in days] for table, paths in there.items()}
    rows = compute(sql(contract), files)
    contract.validate(rows)
    _write(lake, days, {contract.table(): rows})


def _write(lake: Lake, days: list[GenreDay], tables: dict[str, pl.DataFrame]) -> None:
    for genre, of_genre in by_genre_day(tables, days).items():
        write_days(lake, genre, of_genre, Origin(code_version="bench"))


if __name__ == "__main__":
    main()
