"""Campaign lift: what is there is found, what is not is not, and what cannot be told is said."""

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest

from spotify_assets.learning.releases.campaigns import campaign_lift
from spotify_assets.learning.releases.panel import panel
from spotify_assets.sandbox import label
from spotify_assets.schemas.predictions import CampaignLift
from spotify_assets.schemas.releases import (
    DimRelease,
    FactCampaignDaily,
    FactPlaylistWindow,
    FactStreamsDaily,
)
from spotify_assets_tests.learning.releases.labels import campaign, noisy, panel_of, sample

DAYS = 200
FROM, TO = 100, 120


def label_of(
    lift: float, *, others: int = 5, days: int = DAYS, before: int = 0
) -> dict[str, list[int | None]]:
    """A release with a campaign, and others; the first days of the release are not known."""
    counts = {f"other-{number}": noisy(number, days) for number in range(others)}
    streams = [
        None if day < before else round((count or 0) * (1 + (lift if FROM <= day <= TO else 0)))
        for day, count in enumerate(noisy(7, days))
    ]
    return {"tide": streams, **counts}


def judged(counts: dict[str, list[int | None]], *campaigns: pl.DataFrame) -> list[dict[str, Any]]:
    spent = pl.concat(campaigns or [campaign("tide", FROM, TO)])
    return CampaignLift.validate(campaign_lift(panel_of(counts, spent), spent)).to_dicts()


@pytest.mark.parametrize(
    ("lift", "verdict"), [(0.4, "more"), (0.0, "no difference"), (-0.4, "fewer")]
)
def test_the_band_holds_what_the_campaign_did(lift: float, verdict: str) -> None:
    [told] = judged(label_of(lift))
    assert told["lift_low"] <= lift <= told["lift_high"]
    assert told["verdict"] == verdict
    assert told["needs"] is None
    assert told["controls"] == 5


def test_of_what_doubles_all_releases_little_is_taken_for_the_campaigns() -> None:
    counts = label_of(0.0)
    season = {
        name: [round((count or 0) * (2 if FROM <= day <= TO else 1)) for day, count in enumerate(x)]
        for name, x in counts.items()
    }
    [told] = judged({name: list(x) for name, x in season.items()})
    assert told["lift"] < 0.2


def test_an_added_stream_costs_the_spend_for_each_and_has_no_end_where_there_may_be_none() -> None:
    [more] = judged(label_of(0.4))
    assert more["spend"] == 210
    assert more["added_streams"] == pytest.approx(
        more["observed_streams"] * more["lift"] / (1 + more["lift"])
    )
    assert more["cost_per_added"] == pytest.approx(210 / more["added_streams"])
    assert more["cost_low"] < more["cost_per_added"] < more["cost_high"]
    [nothing] = judged(label_of(0.0))
    assert nothing["cost_high"] is None


def test_spend_in_two_currencies_has_no_cost_in_either() -> None:
    told = judged(
        label_of(0.4), campaign("tide", FROM, TO), campaign("tide", FROM, TO, currency="USD")
    )
    assert [one["currency"] for one in told] == ["EUR", "USD"]
    assert [one["cost_per_added"] for one in told] == [None, None]
    assert told[0]["lift"] == told[1]["lift"]


@pytest.mark.parametrize(
    ("counts", "campaigns", "needs"),
    [
        pytest.param(label_of(0.4, others=2), (), "At least 3 other releases", id="no controls"),
        pytest.param(label_of(0.4, before=90), (), "28 days before the campaign", id="no before"),
        pytest.param(label_of(0.4, days=105), (), "import a newer timeline", id="not over yet"),
        pytest.param(label_of(0.4, days=90), (), "import a newer timeline", id="after all days"),
        pytest.param(
            label_of(0.4),
            (campaign("tide", FROM, TO), campaign("tide", TO, TO + 9, name="Again")),
            "ran at the same time as",
            id="two at once",
        ),
        pytest.param(
            label_of(0.4),
            (campaign("tide", FROM, TO), campaign("tide", FROM - 20, FROM - 10, name="First")),
            "28 days",
            id="one right after another",
        ),
        pytest.param(
            label_of(0.4), (campaign("tide", 30, 180),), "at most 91 days", id="half a year"
        ),
        pytest.param(
            label_of(0.4), (campaign("tide", 5, 25),), "28 days before", id="from the first day on"
        ),
        pytest.param(
            {name: days for name, days in label_of(0.4).items() if name != "tide"},
            (),
            "import its timeline",
            id="no timeline",
        ),
        pytest.param({}, (), "import the timelines", id="no timelines at all"),
        pytest.param(
            {"tide": noisy(7, 60)},
            (campaign("tide", 0, 59),),
            "28 days before",
            id="advertised on every day that is known",
        ),
    ],
)
def test_what_cannot_be_told_says_what_would_make_it_possible(
    counts: dict[str, list[int | None]], campaigns: tuple[pl.DataFrame, ...], needs: str
) -> None:
    told = judged(counts, *campaigns)
    untold = [one for one in told if needs in str(one["needs"])]
    assert untold
    assert {one["verdict"] for one in untold} == {"cannot tell"}
    assert {one["lift"] for one in untold} == {None}


def test_a_label_without_campaigns_has_no_lift() -> None:
    assert campaign_lift(panel_of(label_of(0)), campaign("tide", 0, -1)).is_empty()


def test_of_the_sandbox_most_true_effects_are_in_their_bands() -> None:
    """Ten labels; the bench looks at 200."""
    until = dt.date(2026, 11, 20)
    inside = []
    for seed in range(1, 11):
        facts = sample(seed, until)
        spent = facts[FactCampaignDaily]
        of_label = panel(
            facts[FactStreamsDaily], facts[DimRelease], spent, facts[FactPlaylistWindow]
        )
        truth = {
            one.campaign.name: one.campaign.lift
            for one in label.releases(seed, until)
            if one.campaign
        }
        for told in campaign_lift(of_label, spent).iter_rows(named=True):
            inside.append(told["lift_low"] <= truth[told["campaign"]] <= told["lift_high"])
    assert len(inside) == 40, json.dumps(inside)
    assert sum(inside) >= 32
