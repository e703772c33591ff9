"""Program: a genre-day the whole way by the project's own functions, without Dagster.

``python -m benchmarks.steps <sandbox URL> <folder> <tracks> <passes>`` prints, for each pass, the
wall and CPU seconds of each step as JSON. Each pass begins with an empty lake; the first is in a
cold process.
"""

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import polars as pl

from benchmarks.measuring import taking
from spotify_assets.defs.catalog.raw_file import raw_file
from spotify_assets.defs.publication import queries
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.log import Origin
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.lake.tables import held_file, write_days
from spotify_assets.schemas import DERIVED, FACTS, RANKED, TABLES, Contract
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.transforms.catalog.responses import process
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS, inputs, sql
from spotify_assets.warehouse.compute import compute
from spotify_assets.warehouse.publication.integrity import integrity, unreconciled
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets.warehouse.reading import read_only

GENRE, ARTISTS = "rock", 50


def main() -> None:
    """Make the passes, and print what they took."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    tracks, passes = int(sys.argv[3]), int(sys.argv[4])
    today = dt.datetime.now(dt.UTC).date()
    # In the command this is done while the modules are imported.
    for contract in (*OF_A_GENRE_DAY, *OF_ALL_DAYS):
        sql(contract)
        inputs(contract)
    terms = CollectionParameters("sandbox", "BR", ARTISTS, tracks)
    taken = [
        _Pass(folder / str(number), GenreDay(GENRE, today)).run(url, terms)
        for number in range(passes)
    ]
    print(json.dumps(taken))


class _Pass:
    def __init__(self, folder: Path, day: GenreDay) -> None:
        self._lake, self._day = Lake(folder.resolve() / "lake"), day
        self._database = folder.resolve() / "spotify.duckdb"
        self._taken: list[tuple[str, float, float]] = []

    def run(self, url: str, terms: CollectionParameters) -> list[tuple[str, float, float]]:
        """Each step once: its name, wall and CPU seconds."""
        with taking() as cost:
            sealed = self._collect(url, terms)
        api_s = sum(one.response.elapsed_ms for one in read_exchanges(sealed.path)) / 1000
        self._taken.append(("collect, without the API", cost.wall_s - api_s, cost.cpu_s))
        with self._step("process"):
            tables = process([raw_file(sealed)])
        with self._step("write processed"):
            self._write(tables)
        with self._step("rank"):
            self._make(RANKED)
        with self._step("facts"):
            self._make(FACTS)
        with self._step("publish"):
            publish(self._lake, self._database, queries())
        with self._step("checks"), read_only(self._database) as connection:
            integrity(connection, [TABLES[one.table()] for one in (*FACTS, *DERIVED)])
            unreconciled(connection)
        return self._taken

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        with taking() as cost:
            yield
        self._taken.append((name, cost.wall_s, cost.cpu_s))

    def _collect(self, url: str, terms: CollectionParameters) -> Sealed:
        with closing(Ledger(self._database.with_name("ledger.sqlite"))) as ledger:
            connection = Connection.to_sandbox(url)
            client = Client(connection, ledger, limits=Limits(None), day=self._day.date)
            return collect(client, RawPartition(self._lake, self._day), terms, today=self._day.date)

    def _write(self, tables: dict[str, pl.DataFrame]) -> None:
        origin = Origin(code_version="bench")
        write_days(self._lake, self._day.genre, {self._day.date: tables}, origin)

    def _make(self, contracts: tuple[type[Contract], ...]) -> None:
        made = {}
        for contract in contracts:
            held = {table: held_file(self._lake, table, self._day) for table in inputs(contract)}
            files = {table: [self._lake.path(one.key)] for table, one in held.items() if one}
            made[contract.table()] = compute(sql(contract), files)
            contract.validate(made[contract.table()])
        self._write(made)


if __name__ == "__main__":
    main()
