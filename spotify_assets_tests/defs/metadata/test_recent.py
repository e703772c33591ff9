"""The plots of the last days show what the accounts of the lake say."""

import base64
import datetime as dt
import re
from pathlib import Path

import polars as pl

from spotify_assets.defs.metadata.recent import DAYS, plots
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.schemas.catalog.processed import Reconciliation
from spotify_assets_tests.lake.partition_files import write_partition

TODAY = dt.date(2026, 11, 20)
TRACKS, QUARANTINE = "processed.tracks", "quarantine.rows"


def account(lake: Lake, date: dt.date, kept: int, quarantined: int = 0, **more: pl.Expr) -> None:
    row = {"genre": "rock", "date": date, "table_name": "tracks", "received": kept + quarantined}
    row |= {"kept": kept, "duplicate": 0, "quarantined": quarantined}
    rows = pl.DataFrame([row], schema=Reconciliation.polars_schema()).with_columns(**more)
    write_partition(lake, Reconciliation.table(), GenreDay("rock", date), rows)


def bars_of(lake: Lake, table: str) -> tuple[list[float], str]:
    """Where the bars begin, in days from the left, and the text."""
    (shown,) = plots(lake, GenreDay("rock", TODAY))[table].values()
    encoded = re.fullmatch(r"!\[.*\]\(data:image/svg\+xml;base64,(.*)\)", shown.value or "")
    assert encoded
    svg = base64.b64decode(encoded[1]).decode()
    return [float(x) / 300 * DAYS for x in re.findall(r"M([0-9.]+) ", svg)], svg


def test_each_collected_day_of_the_last_month_is_a_bar_in_its_place(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for days_ago in (0, 1, DAYS - 1, DAYS):
        account(lake, TODAY - dt.timedelta(days=days_ago), 70 + days_ago)
    places, svg = bars_of(lake, TRACKS)
    assert places == [0, DAYS - 2, DAYS - 1]
    assert "at most 99" in svg
    assert "rock, 2026-10-22 to 2026-11-20" in svg


def test_the_share_of_a_day_is_of_what_it_received(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    account(lake, TODAY, kept=3, quarantined=1)
    assert "at most 25.00%" in bars_of(lake, QUARANTINE)[1]


def test_a_day_that_received_nothing_has_no_share(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    account(lake, TODAY, kept=0)
    assert len(bars_of(lake, TRACKS)[0]) == 1
    assert bars_of(lake, QUARANTINE)[0] == []


def test_what_another_version_wrote_is_read_with_the_rest(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    account(lake, TODAY, 5)
    account(lake, TODAY - dt.timedelta(days=1), 5, since_removed=pl.lit("x"))
    assert len(bars_of(lake, TRACKS)[0]) == 2
