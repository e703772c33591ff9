"""The streams of a label as a matrix, which every estimate begins with.

Belongs here: putting facts into rows of releases and columns of days. Does not belong here: what is
estimated from them.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MAX_SHARE = 0.9
"""Share of a window's streams that playlists can have; more would leave nothing to compare."""


@dataclass(frozen=True)
class Panel:
    """Streams of each release on each day; a day that no file holds is NaN."""

    release_ids: list[str]
    first: dt.date
    streams: Floats
    """Releases × days."""
    ages: Ints
    """Releases × days: days since the release's date; where it is not declared, since its first
    stream that is known."""
    advertised: Bools
    """Releases × days: whether a campaign spent on it."""
    organic: Floats
    """Releases × days: streams without those from playlists; NaN where no list of playlists says
    how many these were."""

    @property
    def days(self) -> int:
        """Number of days."""
        return int(self.streams.shape[1])

    @property
    def last(self) -> dt.date:
        """The last day of which any release is known."""
        return self.first + dt.timedelta(days=self.days - 1)

    @property
    def weekdays(self) -> Ints:
        """Of each day its weekday, Monday 0."""
        return (np.arange(self.days) + self.first.weekday()) % 7

    def day(self, column: int) -> dt.date:
        """The day of a column; it may lie behind the last."""
        return self.first + dt.timedelta(days=column)

    def column(self, day: dt.date) -> int:
        """The column of a day; negative before the first."""
        return (day - self.first).days

    def until(self, day: dt.date) -> "Panel":
        """What was known when that day was the last."""
        columns = max(self.column(day) + 1, 0)
        return Panel(
            self.release_ids,
            self.first,
            self.streams[:, :columns],
            self.ages[:, :columns],
            self.advertised[:, :columns],
            self.organic[:, :columns],
        )


def panel(
    streams: pl.DataFrame,
    releases: pl.DataFrame,
    campaigns: pl.DataFrame,
    playlists: pl.DataFrame,
) -> Panel | None:
    """The panel of a label; none where no day of any release is known.

    Args:
        streams: `FactStreamsDaily`.
        releases: `DimRelease`.
        campaigns: `FactCampaignDaily`; what is of no release is left out.
        playlists: `FactPlaylistWindow`.
    """
    if streams.is_empty():
        return None
    release_ids = sorted(streams["release_id"].unique().to_list())
    row_of = {release_id: row for row, release_id in enumerate(release_ids)}
    first: dt.date = streams.select(pl.col("date").min()).item()
    last: dt.date = streams.select(pl.col("date").max()).item()
    shape = (len(release_ids), (last - first).days + 1)
    known = np.full(shape, np.nan)
    known[_rows(streams, row_of), _columns(streams, first)] = streams["streams"].to_numpy()
    begun = streams.group_by("release_id").agg(pl.col("date").min().alias("first_known"))
    dates = begun.join(releases, on="release_id", how="left").select(
        "release_id", date=pl.coalesce("released_on", "first_known")
    )
    starts = np.zeros(len(release_ids), dtype=np.int64)
    starts[_rows(dates, row_of)] = _columns(dates, first)
    advertised = np.zeros(shape, dtype=np.bool_)
    spent = campaigns.filter(
        (pl.col("spend") > 0)
        & pl.col("release_id").is_in(release_ids)
        & pl.col("date").is_between(first, last)
    )
    advertised[_rows(spent, row_of), _columns(spent, first)] = True
    ages = np.arange(shape[1]) - starts[:, None]
    organic = _organic(known, playlists, row_of, first)
    return Panel(release_ids, first, known, ages, advertised, organic)


def _organic(
    known: Floats, playlists: pl.DataFrame, row_of: dict[str, int], first: dt.date
) -> Floats:
    """Streams less those from playlists.

    A list says them of a window as a whole: of each of its days they are the same share. Where
    windows overlap, the last download counts.
    """
    share = np.full(known.shape, np.nan)
    windows = playlists.with_columns(
        days=pl.col("window_name").str.extract(r"^(\d+)day$").cast(pl.Int64),
    ).filter(pl.col("days").is_not_null() & pl.col("release_id").is_in(list(row_of)))
    by_window = ["downloaded_on", "release_id", "days"]
    for (last, release_id, days), rows in windows.sort(by_window).group_by(
        by_window, maintain_order=True
    ):
        end = (last - first).days + 1
        start, row = max(end - days, 0), row_of[release_id]
        of_window = known[row, start:end]
        if end <= 0 or np.isnan(of_window).all():
            continue
        of_playlists = np.zeros(len(of_window))
        for added_on, streams in rows.select("added_on", "streams").iter_rows():
            begin = max((added_on - first).days - start, 0) if added_on else 0
            total = np.nansum(of_window[begin:])
            of_playlists[begin:] += streams / total if total else 0
        share[row, start:end] = np.minimum(of_playlists, MAX_SHARE)
    organic: Floats = known * (1 - share)
    return organic


def _rows(frame: pl.DataFrame, row_of: dict[str, int]) -> Ints:
    return frame["release_id"].replace_strict(row_of, return_dtype=pl.Int64).to_numpy()


def _columns(frame: pl.DataFrame, first: dt.date) -> Ints:
    return (frame["date"] - first).dt.total_days().to_numpy()
