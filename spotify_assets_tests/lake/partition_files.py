"""Where the rows of a partition lie, and what a run leaves that was stopped between two steps."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.log import Change, Day, Origin, State
from spotify_assets.lake.tables import held_file, write_days

LAST = "star.fact_track_daily"


def rows_file(lake: Lake, table: str, genre_day: GenreDay) -> Path:
    file = held_file(lake, table, genre_day)
    assert file, f"no {table} of {genre_day}"
    return lake.path(file.key)


@dataclass(frozen=True)
class Written:
    """One partition after a write."""

    path: Path
    rows: int
    bytes: int
    changed: bool


def write_partition(
    lake: Lake, table: str, genre_day: GenreDay, frame: pl.DataFrame, *, code_version: str = ""
) -> Written:
    """Make ``frame`` the rows of one table of a genre-day, whatever there is of the others."""
    before = held_file(lake, table, genre_day, prepared=True)
    origin = Origin(code_version=code_version)
    write_days(lake, genre_day.genre, {genre_day.date: {table: frame}}, origin)
    file = held_file(lake, table, genre_day, prepared=True)
    assert file
    return Written(lake.path(file.key), frame.height, file.bytes, file != before)


def prepare(lake: Lake, genre_day: GenreDay, table: str = "processed.tracks") -> None:
    """Leave a genre-day as a run does that was stopped between two steps."""
    rows = pl.DataFrame({"genre": [genre_day.genre], "date": [genre_day.date]})
    write_days(lake, genre_day.genre, {genre_day.date: {table: rows}}, Origin(), awaits={LAST})


def prepared_long_ago(lake: Lake, genre_day: GenreDay) -> None:
    """Make what was prepared as old as what a killed run has left."""

    def change(state: State) -> Change:
        day = state.days[genre_day.date]
        assert day.draft
        long_ago = day.draft.begun_at - dt.timedelta(days=2)
        return {genre_day.date: Day(day.tables, replace(day.draft, begun_at=long_ago))}

    lake.log.commit(genre_day.genre, change)
