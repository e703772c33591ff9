"""What is estimated of a label's releases: what campaigns added.

Belongs here: the contracts. Does not belong here: how anything is estimated (``learning``).
"""

from typing import Any

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract, Stage
from spotify_assets.schemas.releases import (
    DimRelease,
    FactCampaignDaily,
    FactPlaylistWindow,
    FactStreamsDaily,
)

FACTS: tuple[type[Contract], ...] = (
    DimRelease,
    FactStreamsDaily,
    FactCampaignDaily,
    FactPlaylistWindow,
)
"""What everything is estimated from."""


def _release_id() -> Any:
    return c.text("Id of the release, as `releases.toml` declares it.")


def _share(what: str, *, nullable: bool = True) -> Any:
    return c.column(nullable=nullable, description=what)


class CampaignLift(
    Contract,
    table="predictions.campaign_lift",
    grain="one campaign of a release, by currency",
    key=("campaign", "currency"),
    references={("release_id",): "star.dim_release"},
    stage=Stage.PREDICTIONS,
):
    """What each campaign added to the streams of its release, and what an added stream cost.

    Against what the other releases let expect; the band is that of windows without a campaign. It
    counts the days of the campaign alone, and nothing after them.
    """

    campaign: str = c.text("Name of the campaign.")
    currency: str = c.text("Currency of the spend, as ISO 4217 names it.")
    release_id: str = _release_id()
    first_day: pl.Date = c.text("First day that it spent on.")
    last_day: pl.Date = c.text("Last day that it spent on.")
    verdict: str = c.one_of(
        ["more", "fewer", "no difference", "cannot tell"],
        "`more`, `fewer`: the whole band is above or below 0; `no difference`: 0 is in the band.",
    )
    needs: str = c.text("Where it cannot be told: what would make it possible.", nullable=True)
    lift: pl.Float64 = _share("Streams added, as a share of those without the campaign.")
    lift_low: pl.Float64 = _share("Lower end of the 90 % band of `lift`.")
    lift_high: pl.Float64 = _share("Upper end of the 90 % band of `lift`.")
    observed_streams: pl.Int64 = c.count("Streams on the known days of it.", nullable=True)
    added_streams: pl.Float64 = _share("Of these, those that it added.")
    added_low: pl.Float64 = _share("Lower end of the 90 % band of `added_streams`.")
    added_high: pl.Float64 = _share("Upper end of the 90 % band of `added_streams`.")
    spend: pl.Float64 = c.column(description="Amount spent, in `currency`.")
    cost_per_added: pl.Float64 = _share(
        "Spend for each stream added, in `currency`; null where none may have been added."
    )
    cost_low: pl.Float64 = _share("The same at `added_high`: the least that it can have cost.")
    cost_high: pl.Float64 = _share(
        "The same at `added_low`; null where it has no end, because none may have been added."
    )
    without_playlists: bool = c.text(
        "Streams from playlists were taken out first: lists of playlists cover all its days.",
        nullable=True,
    )
    controls: pl.Int64 = c.count("Other releases that it is compared with.")
    placebos: pl.Int64 = c.count("Windows without a campaign that the band comes from.")
