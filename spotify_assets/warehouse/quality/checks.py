"""Whether the data is as good as it was: measured in the published file, for each genre-day.

Belongs here: measuring, and what is too much. Does not belong here: who is told of it.
"""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import duckdb

from spotify_assets.lake import GenreDay
from spotify_assets.warehouse.publication.integrity import as_frame

SQL = resources.files(__package__)
LAST = "QUALIFY date = max(date) OVER (PARTITION BY genre)"
ASKED = "WHERE (genre, date) IN (SELECT genre, date FROM asked_days)"
Verdict = Literal["passed", "WARN", "ERROR"]


@dataclass(frozen=True)
class Measured:
    """One measure of a genre-day.

    Attributes:
        genre_day: Of what; where the measure is of the genre, its last day.
        value: What was measured.
        usual: What it is held against, where it is held against the genre's own past.
        verdict: Whether that is too much.
    """

    genre_day: GenreDay
    value: float
    usual: float | None
    verdict: Verdict


@dataclass(frozen=True)
class Measure:
    """A measure.

    Attributes:
        name: Of the check, and of its SQL.
        table: The table whose quality it is.
        description: What is too much.
        judge: The verdict on a value and what is usual.
        is_of_genre: Whether it is of a genre as a whole, not of each day.
    """

    name: str
    table: str
    description: str
    judge: Callable[[float, float | None], Verdict]
    is_of_genre: bool = False


def _drift(value: float, usual: float | None) -> Verdict:
    return "WARN" if usual and abs(value - usual) > usual / 2 else "passed"


def _drop(value: float, usual: float | None) -> Verdict:
    return "ERROR" if usual and value < usual / 2 else "passed"


def _quarantine(value: float, _usual: float | None) -> Verdict:
    return "ERROR" if value > 0.05 else "WARN" if value > 0.01 else "passed"  # noqa: PLR2004


def _missing(value: float, _usual: float | None) -> Verdict:
    return "WARN" if value > 0 else "passed"


def _late(value: float, _usual: float | None) -> Verdict:
    # One day is the least that a genre can lack before today's turn has come.
    return "ERROR" if value > 2 else "WARN" if value > 1 else "passed"  # noqa: PLR2004


MEASURES = (
    Measure(
        "drift",
        "processed.tracks",
        "Tracks differ by no more than half from the median of the genre's week before (warns).",
        _drift,
    ),
    Measure(
        "drop",
        "processed.tracks",
        "Tracks are no less than half of those of the day before, or of the same weekday of the "
        "week before (SPOTIFY_ROWS_COMPARED_WITH).",
        _drop,
    ),
    Measure(
        "quarantine_share",
        "quarantine.rows",
        "At most 5 % of what was received is set aside; above 1 % it warns.",
        _quarantine,
    ),
    Measure(
        "days_missing",
        "star.fact_track_daily",
        "No day of the last 30 is missing between a genre's first and last (warns).",
        _missing,
        is_of_genre=True,
    ),
    Measure(
        "days_late",
        "publish.spotify_duckdb",
        "The last day of each genre of the list is today or yesterday; two days back it warns.",
        _late,
        is_of_genre=True,
    ),
)


def measure(
    connection: duckdb.DuckDBPyConnection,
    what: Measure,
    *,
    today: dt.date,
    days: Collection[GenreDay] | None = None,
    genres: Collection[str] | None = None,
    days_back: int = 1,
) -> list[Measured]:
    """Measure the published file.

    Args:
        connection: To the file.
        what: Which measure.
        today: The day that is today (UTC).
        days: Only these genre-days; else the last of each genre. Of a measure of genres, theirs.
        genres: Only these genres.
        days_back: Which day a drop is measured against.
    """
    sql = SQL.joinpath(f"{what.name}.sql").read_text(encoding="utf-8")
    # A run asks for days of one genre; of all genres, the past of years would be looked through.
    known = {"today": today, "days_back": days_back, "of_all": days is None}
    bound = {name: value for name, value in known.items() if f"${name}" in sql}
    if not what.is_of_genre:
        # In the file: after a year, an object for each genre-day would take seconds.
        sql = f"FROM (\n{sql}\n) {LAST if days is None else ASKED} ORDER BY genre, date"
    connection.register("asked_days", as_frame(days or []).to_arrow())
    rows = connection.execute(sql, bound).fetchall()
    connection.unregister("asked_days")
    return [
        Measured(GenreDay(genre, date), value, usual, what.judge(value, usual))
        for genre, date, value, usual in rows
        if genres is None or genre in genres
    ]
