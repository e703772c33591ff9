"""Lakes of any size, for whatever must not grow with them; also a program.

``python -m benchmarks.lakes <lake> <genres> <days> <tracks>`` writes a lake, and prints its bytes
as JSON. Every genre-day has so many tracks; most return day after day, some are new.

Belongs here: making partitions. Does not belong here: what is measured with them.
"""

import datetime as dt
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.layout import ROWS_FILE
from spotify_assets.schemas import LAKE
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, sql
from spotify_assets.warehouse.tables import quoted

SQL = resources.files("benchmarks").joinpath("lakes.sql").read_text()
FIRST_DATE = dt.date(2025, 11, 20)
NEW_SHARE = 20
"""One track in so many was not there the day before."""


@dataclass(frozen=True)
class Size:
    """Of a lake."""

    genres: int
    days: int
    tracks: int
    """Of each genre-day."""

    @property
    def partitions(self) -> int:
        """Genre-days."""
        return self.genres * self.days

    @property
    def rows(self) -> int:
        """Track rows."""
        return self.partitions * self.tracks


def name_of(genre: int) -> str:
    """A genre by its number."""
    return f"genre {genre:03}"


def day_of(number: int) -> dt.date:
    """A day by its number, from 0."""
    return FIRST_DATE + dt.timedelta(days=number)


def write(lake: Lake, size: Size) -> None:
    """Write a whole lake."""
    lake.claim("sandbox")
    with _making() as connection:
        for genre in range(size.genres):
            _write(connection, lake, genre, range(size.days), size.tracks)


def write_day(lake: Lake, genre: int, day: int, tracks: int) -> GenreDay:
    """Write one genre-day, by the numbers of genre and day; returns it."""
    with _making() as connection:
        _write(connection, lake, genre, range(day, day + 1), tracks)
    return GenreDay(name_of(genre), day_of(day))


@contextmanager
def _making() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for layer in {name.partition(".")[0] for name in LAKE}:
            connection.execute(f"CREATE SCHEMA {layer}")
        yield connection


def _write(
    connection: duckdb.DuckDBPyConnection, lake: Lake, genre: int, days: range, tracks: int
) -> None:
    variables = {
        "genre": name_of(genre),
        "genre_number": genre,
        "first_date": day_of(days.start),
        "first_day": days.start,
        "days": len(days),
        "tracks": tracks,
        "new_tracks": max(1, tracks // NEW_SHARE),
    }
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])
    connection.execute(SQL)
    for contract in OF_A_GENRE_DAY:
        connection.execute(f"CREATE OR REPLACE TABLE {quoted(contract)} AS {sql(contract)}")
    for name, contract in LAKE.items():
        key = ", ".join(contract.key())
        rows = connection.sql(f"FROM {quoted(contract)} ORDER BY {key}").pl()
        rows = rows.cast(dict(contract.polars_schema()))
        by_date = rows.partition_by("date", as_dict=True)
        for day in days:
            partition = lake.partition(name, GenreDay(name_of(genre), day_of(day)))
            partition.mkdir(parents=True, exist_ok=True)
            part = by_date.get((day_of(day),), rows.clear())
            # Beside it and renamed, as the project does: who reads meanwhile sees whole files.
            temporary = lake.scratch / f"{os.getpid()}-{ROWS_FILE}"
            part.write_parquet(temporary, compression="zstd", compression_level=1)
            temporary.replace(partition / ROWS_FILE)


def main() -> None:
    """Write the lake of the command line."""
    lake = Lake(Path(sys.argv[1]).resolve())
    size = Size(*map(int, sys.argv[2:5]))
    write(lake, size)
    print(json.dumps(sum(file.stat().st_size for file in lake.root.rglob(ROWS_FILE))))


if __name__ == "__main__":
    main()
