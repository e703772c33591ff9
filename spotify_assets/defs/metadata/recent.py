"""How the last days of a genre compare with each other, as plots.

Belongs here: what is plotted of which table. Does not belong here: drawing (`plot`).
"""

import datetime as dt

import dagster as dg
import polars as pl

from spotify_assets.defs.metadata.plot import bars, image
from spotify_assets.lake import DamagedFile, GenreDay, Lake
from spotify_assets.lake.tables import read_partition
from spotify_assets.schemas.catalog.processed import (
    RESPONSES,
    QuarantinedRows,
    Reconciliation,
    Tracks,
)

DAYS = 30
ACCOUNTED = ["date", "table_name", "received", "kept", "quarantined"]
ASIDE = pl.lit(1, pl.Int64)


def plots(lake: Lake, last: GenreDay) -> dict[str, dict[str, dg.MarkdownMetadataValue]]:
    """By table, the label and the plot of its last `DAYS` days.

    Args:
        lake: Holds the account (`processed.reconciliation`) of ``last``; other days may be missing.
        last: The genre, and the last of the days.
    """
    days = _accounts(lake, last)
    tracks = days["tracks"].to_list()
    shares = days["share"].to_list()
    under = f"{last.genre}, {days['date'][0]} to {last.date}"
    most_tracks = f"tracks a day, at most {max(one or 0 for one in tracks)}"
    most_set_aside = f"set aside a day, at most {max(one or 0 for one in shares):.2%}"
    return {
        Tracks.table(): {"tracks a day": _shown(bars(tracks, most_tracks, under), most_tracks)},
        QuarantinedRows.table(): {
            "share quarantined": _shown(bars(shares, most_set_aside, under), most_set_aside)
        },
    }


def _shown(svg: str, description: str) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(image(svg, description))


def _account(lake: Lake, day: GenreDay) -> pl.DataFrame | None:
    """The account of a day, and a row for each response that was set aside as a whole."""
    account = _rows(lake, Reconciliation.table(), day)
    aside = _rows(lake, QuarantinedRows.table(), day)
    if account is None or aside is None:
        return account if account is None else account.select(ACCOUNTED)
    whole = aside.filter(pl.col("table_name") == RESPONSES).select(
        "date", "table_name", received=ASIDE, kept=pl.lit(0, pl.Int64), quarantined=ASIDE
    )
    # What an earlier version wrote may have other columns besides.
    return pl.concat([account.select(ACCOUNTED), whole])


def _rows(lake: Lake, table: str, day: GenreDay) -> pl.DataFrame | None:
    try:
        return read_partition(lake, table, day, prepared=True)
    except (FileNotFoundError, DamagedFile):
        # A damaged month is told by the publication; it must not keep today from being made.
        return None


def _accounts(lake: Lake, last: GenreDay) -> pl.DataFrame:
    """``date``, ``tracks`` kept and ``share`` of what was received that is in quarantine.

    Each of the days is there once, in order; null where the lake has no account of it.
    """
    first = last.date - dt.timedelta(days=DAYS - 1)
    calendar = pl.DataFrame({"date": pl.date_range(first, last.date, eager=True)})
    days = [GenreDay(last.genre, date) for date in calendar["date"]]
    accounts = pl.concat(account for day in days if (account := _account(lake, day)) is not None)
    received = pl.col("received").sum()
    by_day = accounts.group_by("date").agg(
        tracks=pl.col("kept").filter(pl.col("table_name") == "tracks").sum(),
        share=pl.when(received > 0).then(pl.col("quarantined").sum() / received),
    )
    return calendar.join(by_day, on="date", how="left", maintain_order="left")
