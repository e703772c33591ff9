"""How much of each day is known, and which windows nobody could look into.

Belongs here: intervals of time. Does not belong here: what a poll says of the time before it
(``transforms.plays``).
"""

import datetime as dt
from collections.abc import Iterable, Sequence

import polars as pl

from spotify_assets.schemas.listening import PlayCoverage
from spotify_assets.transforms import plays

ONE_DAY = dt.timedelta(days=1)
LONGEST_SILENCE = dt.timedelta(days=7)
"""Between two files of an export; if longer, a file between them may not have been imported."""
Interval = tuple[dt.datetime, dt.datetime]


def gaps(polls: pl.DataFrame, imports: pl.DataFrame) -> pl.DataFrame:
    """Rows of `PlayGaps`.

    Args:
        polls: Rows of `Polls`, of all days.
        imports: Rows of `Imports`; at least ``package``, ``first_at`` and ``last_at``.
    """
    exported = _exported(imports)
    windows = plays.gaps(polls)
    closed = [_is_within(window, exported) for window in windows.select("from_at", "to_at").rows()]
    return windows.with_columns(pl.Series("is_closed", closed, pl.Boolean))


def coverage(polls: pl.DataFrame, imports: pl.DataFrame, per_day: pl.DataFrame) -> pl.DataFrame:
    """Rows of `PlayCoverage`, without holes.

    Args:
        polls: Rows of `Polls`, of all days.
        imports: Rows of `Imports`; at least ``package``, ``first_at`` and ``last_at``.
        per_day: ``date`` and ``plays``: how many plays are known of a day that has any.
    """
    exported = _exported(imports)
    known = _merged([*exported, *plays.covered(polls).rows()])
    touched = _merged([*known, *plays.gaps(polls).select("from_at", "to_at").rows()])
    asked_until: dt.datetime | None = polls["polled_at"].max()  # type: ignore[assignment]
    ends = [end for _, end in touched] + ([asked_until] if asked_until else [])
    number = dict(per_day.select("date", "plays").rows())
    days = [*(at.date() for at in ends), *(start.date() for start, _ in touched), *number]
    rows = []
    day = min(days, default=dt.date.max)
    while days and day <= max(days):
        whole = _day(day)
        asked = (whole[0], min(whole[1], asked_until)) if asked_until else whole
        if _is_within(whole, exported):
            label = "complete"
        elif asked[0] < asked[1] and _is_within(asked, known):
            label = "polled"
        elif any(start < whole[1] and end > whole[0] for start, end in touched):
            label = "possible gap"
        else:
            label = "nothing"
        rows.append((day, label, number.get(day, 0)))
        day += ONE_DAY
    return pl.DataFrame(rows, schema=PlayCoverage.polars_schema(), orient="row")


def _exported(imports: pl.DataFrame) -> list[Interval]:
    """What exports hold, whole; of the last day of each nobody knows what came after its end."""
    spans = []
    for package in imports["package"].unique():
        files = imports.filter(
            (pl.col("package") == package) & pl.col("first_at").is_not_null()
        ).sort("first_at")
        of_package = _merged(files.select("first_at", "last_at").rows(), LONGEST_SILENCE)
        spans += [(_day(first.date())[0], last) for first, last in of_package]
    return _merged(spans)


def _merged(
    intervals: Iterable[Interval], bridged: dt.timedelta = dt.timedelta(0)
) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start - merged[-1][1] <= bridged:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_within(interval: Interval, merged: Sequence[Interval]) -> bool:
    return any(start <= interval[0] and interval[1] <= end for start, end in merged)


def _day(date: dt.date) -> Interval:
    start = dt.datetime.combine(date, dt.time())
    return start, start + ONE_DAY
