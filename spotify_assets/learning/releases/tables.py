"""The tables of predictions: all that is made from the tables of releases and from the models.

Belongs here: which table comes from what. Does not belong here: how anything is estimated.
"""

import hashlib
from collections.abc import Mapping
from importlib import resources

import polars as pl

from spotify_assets.learning.releases.campaigns import campaign_lift
from spotify_assets.learning.releases.panel import panel
from spotify_assets.schemas import Contract
from spotify_assets.schemas.predictions import CampaignLift
from spotify_assets.schemas.releases import (
    DimRelease,
    FactCampaignDaily,
    FactPlaylistWindow,
    FactStreamsDaily,
)

Tables = Mapping[type[Contract], pl.DataFrame]


def version() -> str:
    """The same for the same tables from the same facts and models."""
    package = resources.files(__package__)
    files = sorted(one.name for one in package.iterdir() if one.name.endswith(".py"))
    texts = [package.joinpath(name).read_text(encoding="utf-8") for name in files]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


def derive(facts: Tables) -> Tables:
    """All tables of predictions, by the rules of docs/releases.md.

    Args:
        facts: The tables of `schemas.predictions.FACTS`.
    """
    label = panel(
        facts[FactStreamsDaily],
        facts[DimRelease],
        facts[FactCampaignDaily],
        facts[FactPlaylistWindow],
    )
    return {CampaignLift: campaign_lift(label, facts[FactCampaignDaily])}
