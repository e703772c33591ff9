"""Tables of a label that a test writes down, and of the sandbox's, as if they had been imported."""

import csv
import datetime as dt
import io

import numpy as np
import polars as pl

from spotify_assets.learning.releases.panel import Panel, panel
from spotify_assets.sandbox import label, label_files
from spotify_assets.schemas import Contract
from spotify_assets.schemas.releases import (
    DimRelease,
    FactCampaignDaily,
    FactPlaylistWindow,
    FactStreamsDaily,
)

FIRST = dt.date(2026, 1, 2)
FILE = {"file_id": "0" * 16, "source_line": 2}


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def streams_of(counts: dict[str, list[int | None]]) -> pl.DataFrame:
    """`FactStreamsDaily`; a day that is none is not known."""
    rows = [
        {"release_id": name, "date": day(number), "streams": count, **FILE}
        for name, of_days in counts.items()
        for number, count in enumerate(of_days)
        if count is not None
    ]
    return pl.DataFrame(rows, schema=FactStreamsDaily.polars_schema())


def releases_of(dates: dict[str, dt.date | None]) -> pl.DataFrame:
    rows = [
        {"release_id": name, "artist_id": "ana", "title": name.title(), "released_on": date}
        for name, date in dates.items()
    ]
    return pl.DataFrame(rows, schema=DimRelease.polars_schema())


def campaign(
    release_id: str, first: int, last: int, *, name: str = "Push", currency: str = "EUR"
) -> pl.DataFrame:
    rows = [
        {
            **{"release_id": release_id, "campaign": name, "date": day(number), "spend": 10.0},
            **{"currency": currency, "result_indicator": "clicks", "file_id": "0" * 16},
        }
        for number in range(first, last + 1)
    ]
    return pl.DataFrame(rows, schema=FactCampaignDaily.polars_schema())


def no_playlists() -> pl.DataFrame:
    return pl.DataFrame(schema=FactPlaylistWindow.polars_schema())


def sample(seed: int, until: dt.date) -> dict[type[Contract], pl.DataFrame]:
    """What the files of the sandbox's label say, without reading them."""
    those = label.releases(seed, until)
    counts = [
        {"release_id": one.release_id, "date": on, "streams": count, **FILE}
        for one in those
        for on, count in one.streams.items()
        if on not in one.missing
    ]
    spent = [
        campaign(one.release_id, 0, 20, name=one.campaign.name).with_columns(
            pl.col("date") + (one.campaign.first - FIRST)
        )
        for one in those
        if one.campaign
    ]
    windows = [
        {
            **{"release_id": one.release_id, "window_name": "28day"},
            **{"downloaded_on": file.downloaded, "playlist": row["title"]},
            **{"author": row["author"], "listeners": int(row["listeners"]), **FILE},
            "streams": int(row["streams"]),
            "added_on": None if row["date_added"] == "n/a" else _date(row["date_added"]),
        }
        for one in those
        for file in label_files._playlists(one, until)
        for row in csv.DictReader(io.StringIO(file.body.decode("utf-8-sig")))
    ]
    return {
        DimRelease: releases_of({one.release_id: one.date for one in those}),
        FactStreamsDaily: pl.DataFrame(counts, schema=FactStreamsDaily.polars_schema()),
        FactCampaignDaily: pl.concat(spent),
        FactPlaylistWindow: pl.DataFrame(windows, schema=FactPlaylistWindow.polars_schema()),
    }


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def noisy(seed: int, days: int, level: float = 300.0) -> list[int | None]:
    """Streams that go up and down by chance alone, a tenth or so."""
    drawn = np.random.default_rng(seed).normal(0, 0.1, days)
    return [int(count) for count in np.rint(level * np.exp(drawn))]


def panel_of(
    counts: dict[str, list[int | None]], campaigns: pl.DataFrame | None = None
) -> Panel | None:
    """The panel of releases that are all out on the first day."""
    spent = campaign("", 0, -1) if campaigns is None else campaigns
    dates: dict[str, dt.date | None] = dict.fromkeys(counts, FIRST)
    return panel(streams_of(counts), releases_of(dates), spent, no_playlists())
