"""The table of what campaigns added, and what an added stream cost.

Belongs here: which days a campaign is, and money. Does not belong here: the estimate (``lift``).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from spotify_assets.learning.releases.lift import Judged, Rest, judge, rest
from spotify_assets.learning.releases.panel import Panel
from spotify_assets.schemas.predictions import CampaignLift

CANNOT_TELL = "cannot tell"


def campaign_lift(panel: Panel | None, campaigns: pl.DataFrame) -> pl.DataFrame:
    """Rows of `CampaignLift`. Grain: one campaign of a release, by currency.

    Args:
        panel: The label; none where no day of any release is known.
        campaigns: `FactCampaignDaily`.
    """
    spent = campaigns.filter((pl.col("spend") > 0) & pl.col("release_id").is_not_null())
    schema = CampaignLift.polars_schema()
    if spent.is_empty():
        return pl.DataFrame(schema=schema)
    rows = list(_rows(panel, spent))
    return pl.DataFrame(rows, schema=schema).sort(CampaignLift.key())


def _rows(panel: Panel | None, spent: pl.DataFrame) -> Iterator[dict[str, Any]]:
    judges = _Judges(panel) if panel else None
    of_campaign = spent.group_by("campaign", "release_id").agg(
        first_day=pl.col("date").min(), last_day=pl.col("date").max()
    )
    by_currency = spent.group_by("campaign", "currency").agg(pl.col("spend").sum())
    money = dict[str, list[tuple[str, float]]]()
    for campaign, currency, spend in by_currency.sort("campaign", "currency").iter_rows():
        money.setdefault(campaign, []).append((currency, spend))
    for one in of_campaign.to_dicts():
        at_once = of_campaign.filter(
            (pl.col("release_id") == one["release_id"])
            & (pl.col("campaign") != one["campaign"])
            & (pl.col("first_day") <= one["last_day"])
            & (pl.col("last_day") >= one["first_day"])
        )["campaign"]
        if judges is None:
            judged, is_without = Judged(0, 0, None, "Streams: import the timelines."), None
        elif len(at_once):
            needs = f"Campaigns one after another: it ran at the same time as {min(at_once)}."
            judged, is_without = Judged(0, 0, None, needs), None
        else:
            judged, is_without = judges.judge(one)
        told = _told(panel, judged, one)
        for currency, spend in money[one["campaign"]]:
            # What was paid in two currencies has no cost in one of them.
            cost = _costs(told, spend) if len(money[one["campaign"]]) == 1 else {}
            yield {
                **{**one, "currency": currency, "spend": spend},
                "verdict": _verdict(judged),
                "needs": judged.needs or None,
                "without_playlists": is_without,
                "controls": judged.controls,
                "placebos": judged.placebos,
                **told,
                **cost,
            }


class _Judges:
    """The label with and without what came from playlists; each is fitted when it is asked for."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._rests: dict[bool, Rest] = {}

    def judge(self, campaign: dict[str, Any]) -> tuple[Judged, bool]:
        """The effect, and whether playlists were taken out: where their lists cover its days."""
        panel = self._panel
        if campaign["release_id"] not in panel.release_ids:
            needs = "Streams of the release: import its timeline."
            return Judged(0, 0, None, needs), False
        row = panel.release_ids.index(campaign["release_id"])
        first, last = panel.column(campaign["first_day"]), panel.column(campaign["last_day"])
        if np.isfinite(panel.organic[row, max(first, 0) : last + 1]).any():
            judged = judge(self._rest(without_playlists=True), row, first, last)
            if judged.estimate:
                return judged, True
        return judge(self._rest(without_playlists=False), row, first, last), False

    def _rest(self, *, without_playlists: bool) -> Rest:
        if without_playlists not in self._rests:
            streams = self._panel.organic if without_playlists else self._panel.streams
            self._rests[without_playlists] = rest(self._panel, streams)
        return self._rests[without_playlists]


def _verdict(judged: Judged) -> str:
    if judged.estimate is None:
        return CANNOT_TELL
    if judged.estimate.low > 0:
        return "more"
    return "fewer" if judged.estimate.high < 0 else "no difference"


def _told(panel: Panel | None, judged: Judged, campaign: dict[str, Any]) -> dict[str, Any]:
    if panel is None or judged.estimate is None:
        return {}
    row = panel.release_ids.index(campaign["release_id"])
    days = slice(panel.column(campaign["first_day"]), panel.column(campaign["last_day"]) + 1)
    observed = int(np.nansum(panel.streams[row, days]))
    names = ("lift", "lift_low", "lift_high")
    lifts = (judged.estimate.lift, judged.estimate.low, judged.estimate.high)
    added = [observed * one / (1 + one) for one in lifts]
    return {
        **dict(zip(names, lifts, strict=True)),
        "observed_streams": observed,
        **dict(zip(("added_streams", "added_low", "added_high"), added, strict=True)),
    }


def _costs(told: dict[str, Any], spend: float) -> dict[str, float]:
    """What each stream added cost; there is no such cost of none."""
    of = {"cost_per_added": "added_streams", "cost_low": "added_high", "cost_high": "added_low"}
    return {name: spend / told[by] for name, by in of.items() if told.get(by, 0) > 0}
