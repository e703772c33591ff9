"""How likely a release is to enter Spotify's own playlists, learned from lists of playlists alone.

A list says who was on a playlist in a window. A release that was not on it in the window before,
or was not out, may enter it in this one; how often that happened is the base rate, of all windows
or apart for those in which a release comes out. Which of the two is used, their Brier scores say:
each window is told from the windows that were over before it began.

Belongs here: chances and their scores. Does not belong here: streams.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import polars as pl

from spotify_assets.schemas.predictions import PlaylistTriggers

PLAYLISTS = ("Release Radar", "Discover Weekly")
AUTHOR = "spotify"
DAYS_AHEAD = 28
MIN_WINDOWS, MIN_ENTRIES = 30, 5
"""What must have been seen: windows in which a release could enter, and in which one did."""
PREDICTED, ON_IT, TOO_LITTLE_DATA = "predicted", "on it", "too little data"
ALL, BY_NEW = "all windows", "new releases apart"


@dataclass(frozen=True)
class Window:
    """A window in which a release could enter a playlist, and whether it did."""

    last: dt.date
    days: int
    is_new: bool
    """Whether the release came out in it."""
    entered: bool

    @property
    def first(self) -> dt.date:
        """Its first day."""
        return self.last - dt.timedelta(days=self.days - 1)


@dataclass(frozen=True)
class Learned:
    """The chance to enter on a day, and what it is scored by."""

    windows: int
    entries: int
    base_rate: float
    of_new: float
    of_others: float
    brier: float | None
    """Of what is used."""
    base_brier: float | None
    """Of the base rate of all windows."""
    method: str

    @property
    def is_enough(self) -> bool:
        """Whether a chance may be told."""
        return (
            self.windows >= MIN_WINDOWS and self.entries >= MIN_ENTRIES and self.brier is not None
        )

    def chance(self, *, is_new: bool) -> float:
        """On a day, of a release that came out in the window or before it."""
        if self.method == ALL:
            return self.base_rate
        return self.of_new if is_new else self.of_others


def playlist_triggers(playlists: pl.DataFrame, releases: pl.DataFrame) -> pl.DataFrame:
    """Rows of `PlaylistTriggers`. Grain: a release, a playlist, a day after the last list of it.

    Args:
        playlists: `FactPlaylistWindow`.
        releases: `DimRelease`.
    """
    dates = dict(releases.select("release_id", "released_on").iter_rows())
    listed = _listed(playlists)
    rows: list[dict[str, Any]] = []
    if listed:
        newest = max(last for windows in listed.values() for last, _, _ in windows)
        for playlist in PLAYLISTS:
            learned = learn(list(_windows(listed, dates, playlist)))
            for release_id, released_on in sorted(dates.items()):
                windows = listed.get(release_id, [])
                rows += _rows(release_id, released_on, windows, newest, playlist, learned)
    frame = pl.DataFrame(rows, schema=PlaylistTriggers.polars_schema())
    return frame.sort(PlaylistTriggers.key())


def learn(windows: list[Window]) -> Learned:
    """Rates of all windows, and their scores from those that were over before each began."""
    in_order = sorted(windows, key=lambda one: (one.last, one.is_new, one.entered))
    base_errors: list[float] = []
    own_errors: list[float] = []
    for one in in_order:
        before = [other for other in in_order if other.last < one.first]
        if len(before) < MIN_WINDOWS // 2:
            continue
        own = [other for other in before if other.is_new == one.is_new]
        for errors, of in ((base_errors, before), (own_errors, own)):
            errors.append((_of_window(_rate(of), one.days) - one.entered) ** 2)
    base, apart = _mean(base_errors), _mean(own_errors)
    is_apart = base is not None and apart is not None and apart < base
    new, others = ([one for one in in_order if one.is_new is which] for which in (True, False))
    return Learned(
        windows=len(in_order),
        entries=sum(one.entered for one in in_order),
        base_rate=_rate(in_order),
        of_new=_rate(new),
        of_others=_rate(others),
        brier=apart if is_apart else base,
        base_brier=base,
        method=BY_NEW if is_apart else ALL,
    )


def _rate(windows: list[Window]) -> float:
    """Entries a day; half an entry is added, so that nothing is impossible or sure."""
    days = sum(one.days for one in windows) + DAYS_AHEAD
    return (sum(one.entered for one in windows) + 0.5) / days


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _of_window(rate: float, days: int) -> float:
    return 1 - (1 - min(rate, 1.0)) ** days


Listed = Mapping[str, list[tuple[dt.date, int, frozenset[str]]]]
"""Of each release its windows in order: last day, days, and Spotify's playlists it was on."""


def _listed(playlists: pl.DataFrame) -> Listed:
    known = playlists.with_columns(
        days=pl.col("window_name").str.extract(r"^(\d+)day$").cast(pl.Int64)
    ).filter(pl.col("days").is_not_null())
    if known.is_empty():
        return {}
    # Windows of one length alone: the shortest says most exactly when.
    known = known.filter(pl.col("days") == pl.col("days").min())
    own = pl.col("playlist").filter(pl.col("author").str.to_lowercase() == AUTHOR)
    found: dict[str, list[tuple[dt.date, int, frozenset[str]]]] = {}
    by_window = known.group_by("release_id", "downloaded_on", "days").agg(own.alias("own"))
    for release_id, last, days, names in by_window.sort("release_id", "downloaded_on").iter_rows():
        found.setdefault(release_id, []).append((last, days, frozenset(names)))
    return found


def _windows(
    listed: Listed, dates: Mapping[str, dt.date | None], playlist: str
) -> Iterator[Window]:
    for release_id, windows in listed.items():
        released_on = dates.get(release_id)
        last, days, names = windows[0]
        # What was out before its first list may have entered before that, too.
        if released_on and last - dt.timedelta(days=days) < released_on <= last:
            yield Window(last, days, True, playlist in names)
        for (before, _, earlier), (last, days, names) in pairwise(windows):
            # Between two lists that are further apart it may have come and gone.
            if playlist not in earlier and (last - before).days <= days:
                yield Window(last, (last - before).days, False, playlist in names)


def _rows(
    release_id: str,
    released_on: dt.date | None,
    windows: list[tuple[dt.date, int, frozenset[str]]],
    newest: dt.date,
    playlist: str,
    learned: Learned,
) -> Iterator[dict[str, Any]]:
    until = windows[-1][0] if windows else newest
    # Of what is out and was never listed nothing is known.
    if not windows and (released_on is None or released_on <= newest):
        return
    is_on = bool(windows) and playlist in windows[-1][2]
    for ahead in range(1, DAYS_AHEAD + 1):
        day = until + dt.timedelta(days=ahead)
        if released_on and day < released_on:
            continue
        common = {
            **{"release_id": release_id, "playlist": playlist, "date": day, "known_until": until},
            **{"windows": learned.windows, "entries": learned.entries},
        }
        if is_on:
            yield {**common, "status": ON_IT}
        elif not learned.is_enough:
            needs = (
                f"{MIN_WINDOWS} windows of 28 days in which a release could enter it, and "
                f"{MIN_ENTRIES} in which one did; there are {learned.windows} and "
                f"{learned.entries}. Download the lists of playlists every 28 days."
            )
            yield {**common, "status": TOO_LITTLE_DATA, "needs": needs}
        else:
            yield {
                **common,
                "status": PREDICTED,
                "probability": learned.chance(is_new=not windows),
                "base_rate": learned.base_rate,
                "method": learned.method,
                "brier": learned.brier,
                "base_brier": learned.base_brier,
            }
