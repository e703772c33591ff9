"""Lakes of any size, for whatever must not grow with them; also a program.

``python -m benchmarks.lakes <lake> <genre> <genres> <day> <days> <tracks> [months]`` writes so many
genres and days from the given numbers on, and prints its bytes as JSON. Every genre-day has so many
tracks; most return day after day, some are new. With ``months`` the days lie in the files of their
months at once, as `compact` leaves them; that takes a third of the time.

Belongs here: making partitions. Does not belong here: what is measured with them.
"""

import datetime as dt
import json
import sys
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.layout import MONTH_FOLDER
from spotify_assets.lake.log import Day, Origin, TableFile
from spotify_assets.lake.tables import Encoded, by_genre_day, write_days
from spotify_assets.schemas import LAKE
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, sql
from spotify_assets.warehouse.tables import quoted

SQL = resources.files("benchmarks").joinpath("lakes.sql").read_text()
FIRST_DATE = dt.date(2025, 11, 20)
NEW_SHARE = 20
"""One track in so many was not there the day before."""


def genre_day(genre: int, day: int) -> GenreDay:
    """A genre-day by its numbers, from 0; the first genre is one that the sandbox has too."""
    name = f"genre {genre:03}" if genre else "rock"
    return GenreDay(name, FIRST_DATE + dt.timedelta(days=day))


def write(lake: Lake, genres: range, days: range, tracks: int, *, months: bool = False) -> int:
    """Write genre-days, by the numbers of their genres and days; into files of months, if asked.

    Returns:
        Bytes of their files.
    """
    lake.claim("sandbox")
    with duckdb.connect() as connection:
        for layer in {name.partition(".")[0] for name in LAKE}:
            connection.execute(f"CREATE SCHEMA {layer}")
        size = 0
        for genre in genres:
            _make(connection, genre, days, tracks)
            of_genre = [genre_day(genre, day) for day in days]
            size += (_write_months if months else _write)(connection, lake, of_genre)
        return size


def _make(connection: duckdb.DuckDBPyConnection, genre: int, days: range, tracks: int) -> None:
    first = genre_day(genre, days.start)
    variables = {
        "genre": first.genre,
        "genre_number": genre,
        "first_date": first.date,
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


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    return {
        name: connection.sql(f"FROM {quoted(contract)} ORDER BY {', '.join(contract.key())}")
        .pl()
        .cast(contract.polars_schema())
        for name, contract in LAKE.items()
    }


def _write(connection: duckdb.DuckDBPyConnection, lake: Lake, days: list[GenreDay]) -> int:
    [(genre, of_genre)] = by_genre_day(_tables(connection), days).items()
    state = write_days(lake, genre, of_genre, Origin(code_version="bench"))
    return sum(file.bytes for day in days for file in state.days[day.date].tables.values())


def _write_months(connection: duckdb.DuckDBPyConnection, lake: Lake, days: list[GenreDay]) -> int:
    genre, size = days[0].genre, 0
    held: dict[dt.date, dict[str, TableFile]] = {day.date: {} for day in days}
    for table, rows in _tables(connection).items():
        for month in sorted({date.replace(day=1) for date in held}):
            dates = [date for date in held if date.replace(day=1) == month]
            of_month = rows.filter(pl.col("date").is_in(dates))
            folder = f"{MONTH_FOLDER}{month:%Y-%m}"
            file = Encoded.of(of_month).put(lake, table, genre, folder)
            size += file.bytes
            counts = dict(of_month.group_by("date").len().iter_rows())
            for date in dates:
                hash_of_day = f"{file.hash}-{date}"
                held[date][table] = file._replace(hash=hash_of_day, rows=counts.get(date, 0))
    changed = {date: Day(tables) for date, tables in held.items()}
    lake.log.commit(genre, lambda _: changed, Origin(code_version="bench"))
    return size


def main() -> None:
    """Write the lake of the command line."""
    genre, genres, day, days, tracks = map(int, sys.argv[2:7])
    lake = Lake(Path(sys.argv[1]).resolve())
    numbers = range(genre, genre + genres), range(day, day + days)
    print(json.dumps(write(lake, *numbers, tracks, months=sys.argv[7:] == ["months"])))


if __name__ == "__main__":
    main()
