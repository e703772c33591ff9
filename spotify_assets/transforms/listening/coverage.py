"""How much of each day is known, and which windows nobody could look into.

Belongs here: intervals of time. Does not belong here: what a poll says of the time before it
(``transforms.plays``).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import polars as pl

from spotify_assets.schemas.listening import PlayCoverage
from spotify_assets.transforms.listening import plays

ONE_DAY = dt.timedelta(days=1)
MAX_SILENCE = dt.timedelta(days=7)
"""Between two files without numbers; if longer, a file between them may not have been imported."""
Interval = tuple[dt.datetime, dt.datetime]


MUSIC = ("audio", "music")
"""The media of files that tell of music: a file of videos or podcasts says nothing of it."""


def gaps(polls: pl.DataFrame, imports: pl.DataFrame) -> pl.DataFrame:
    """Rows of `PlayGaps`.

    Args:
        polls: Rows of `Polls`, of all days.
        imports: Rows of `Imports`, and whether each file ``ends_early``.
    """
    exported, _ = _exported(imports)
    windows = plays.gaps(polls)
    closed = [_is_within(window, exported) for window in windows.select("from_at", "to_at").rows()]
    return windows.with_columns(pl.Series("is_closed", closed, pl.Boolean))


def coverage(polls: pl.DataFrame, imports: pl.DataFrame, per_day: pl.DataFrame) -> pl.DataFrame:
    """Rows of `PlayCoverage`, without holes.

    Args:
        polls: Rows of `Polls`, of all days.
        imports: Rows of `Imports`, and whether each file ``ends_early``.
        per_day: ``date`` and ``plays``: how many plays are known of a day that has any.
    """
    exported, holes = _exported(imports)
    known = _merged([*exported, *plays.covered(polls).rows()])
    touched = _merged([*known, *holes, *plays.gaps(polls).select("from_at", "to_at").rows()])
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
        elif day in number or any(start < whole[1] and end > whole[0] for start, end in touched):
            label = "partial"
        else:
            label = "unknown"
        rows.append((day, label, number.get(day, 0)))
        day += ONE_DAY
    return pl.DataFrame(rows, schema=PlayCoverage.polars_schema(), orient="row")


def _exported(imports: pl.DataFrame) -> tuple[list[Interval], list[Interval]]:
    """What exports hold, whole; and the holes between files of a package."""
    spans, holes = [], []
    # Of files of an older version nobody knows how they came.
    came = pl.when(pl.col("downloads").list.len() > 0).then("downloads").otherwise(pl.lit([""]))
    files = imports.filter(pl.col("media").is_in(MUSIC)).with_columns(downloads=came)
    files = files.sort("first_at", "last_at", "file_id")
    for package in files["package"].unique():
        of_package = files.filter(pl.col("package") == package)
        told = of_package.filter(pl.col("first_at").is_not_null())
        covered = [(_day(first.date())[0], last) for first, last in _ends(told)]
        bridges: list[Interval] = []
        for download in of_package["downloads"].explode().unique():
            together = of_package.filter(pl.col("downloads").list.contains(download))
            bridges += _bridges(together)
        merged = _merged([*covered, *bridges])
        spans += merged
        holes += [(one[1], other[0]) for one, other in pairwise(merged)]
    return _merged(spans), holes


def _bridges(together: pl.DataFrame) -> Iterator[Interval]:
    """From a file to the next one of the same download, where nothing lies between them."""
    empty = set(together.filter(pl.col("received") == 0)["part"].drop_nulls())
    told = together.filter(pl.col("first_at").is_not_null())
    facts = told.select("first_at", "last_at", "part", "ends_early").rows()
    for (_, last, part, is_cut), (first, _, following, _) in pairwise(facts):
        if is_cut:
            continue
        if part is None or following is None:
            follows = first - last <= MAX_SILENCE
        else:
            follows = part < following and set(range(part + 1, following)) <= empty
        if follows and first > last:
            yield last, first


def _ends(files: pl.DataFrame) -> list[Interval]:
    return files.select("first_at", "last_at").rows()


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_within(interval: Interval, merged: Sequence[Interval]) -> bool:
    return any(start <= interval[0] and interval[1] <= end for start, end in merged)


def _day(date: dt.date) -> Interval:
    start = dt.datetime.combine(date, dt.time())
    return start, start + ONE_DAY
