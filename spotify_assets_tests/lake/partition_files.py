"""Where the rows of a partition lie, and what a run leaves that was stopped between two steps."""

import datetime as dt
from dataclasses import replace
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
