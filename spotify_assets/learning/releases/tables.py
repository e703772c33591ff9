"""The tables of predictions: all that is made from the tables of releases and from the models.

Belongs here: which table comes from what. Does not belong here: how anything is estimated.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from spotify_assets.learning.releases.campaigns import campaign_lift
from spotify_assets.learning.releases.panel import Panel, panel
from spotify_assets.learning.releases.playlists import playlist_triggers
from spotify_assets.learning.releases.scores import scores, withdrawn
from spotify_assets.schemas import Contract
from spotify_assets.schemas.predictions import (
    CampaignLift,
    Evaluations,
    Models,
    PlaylistTriggers,
    Scores,
    StreamsDaily,
)
from spotify_assets.schemas.releases import (
    DimRelease,
    FactCampaignDaily,
    FactPlaylistWindow,
    FactStreamsDaily,
)

Tables = Mapping[type[Contract], pl.DataFrame]


class StoredModel(Protocol):
    """A model as it is stored."""

    @property
    def version(self) -> str:
        """Of the model."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """As `models.Model` has them."""
        ...

    @property
    def trained_at(self) -> dt.datetime:
        """When it was trained (UTC)."""
        ...

    @property
    def file(self) -> str:
        """Where it lies."""
        ...


def label(facts: Tables) -> Panel | None:
    """The panel of the tables of `schemas.predictions.FACTS`; none where there is no stream."""
    return panel(
        facts[FactStreamsDaily],
        facts[DimRelease],
        facts[FactCampaignDaily],
        facts[FactPlaylistWindow],
    )


def derive(facts: Tables, models: Sequence[StoredModel], predicted: pl.DataFrame) -> Tables:
    """All tables of predictions, by the rules of docs/releases.md.

    Args:
        facts: The tables of `schemas.predictions.FACTS`.
        models: Those that were trained.
        predicted: What they predicted, as `StreamsDaily`.
    """
    declared = facts[DimRelease]["release_id"]
    # Of a release that is no longer declared nothing is told, as in the tables of facts.
    told = predicted.filter(
        pl.col("release_id").is_in(declared.implode())
        & pl.col("model_version").is_in([one.version for one in models])
    )
    scored = scores(told, facts[FactStreamsDaily])
    return {
        Models: _models(models, withdrawn(scored)),
        Evaluations: _evaluations(models),
        StreamsDaily: told.sort(StreamsDaily.key()),
        Scores: scored,
        PlaylistTriggers: playlist_triggers(facts[FactPlaylistWindow], facts[DimRelease]),
        CampaignLift: _lift(facts),
    }


def _lift(facts: Tables) -> pl.DataFrame:
    campaigns = facts[FactCampaignDaily]
    # Most labels have none, and some millions of days.
    return campaign_lift(None if campaigns.is_empty() else label(facts), campaigns)


def _models(models: Sequence[StoredModel], out: Mapping[str, dt.date]) -> pl.DataFrame:
    newest = max(models, key=lambda one: (one.trained_at, one.version), default=None)
    copied = ("releases", "days", "code_version", "candidates", "why_no_lightgbm", "lightgbm")
    rows = [
        {
            "model_version": one.version,
            "trained_at": _moment(one.trained_at),
            "first_day": dt.date.fromisoformat(one.facts["first_day"]),
            "last_day": dt.date.fromisoformat(one.facts["last_day"]),
            "files_until": _moment(dt.datetime.fromisoformat(one.facts["files_until"])),
            **{name: one.facts[name] for name in copied},
            "parameters": json.dumps(one.facts["parameters"], sort_keys=True),
            "is_current": one is newest,
            "withdrawn_on": out.get(one.version),
            "file": one.file,
        }
        for one in sorted(models, key=lambda one: one.version)
    ]
    return pl.DataFrame(rows, schema=Models.polars_schema())


def _evaluations(models: Sequence[StoredModel]) -> pl.DataFrame:
    rows = [
        {
            "model_version": one.version,
            "days_ahead": day["days_ahead"],
            "candidate": candidate,
            "is_winner": candidate == day["winner"],
            "errors": scored["errors"],
            "wape": scored["wape"],
            "low_factor": scored["low"],
            "high_factor": scored["high"],
            "share_inside": scored["coverage"],
        }
        for one in models
        for day in one.facts["days_ahead"]
        for candidate, scored in day["candidates"].items()
    ]
    frame = pl.DataFrame(rows, schema=Evaluations.polars_schema())
    return frame.sort(Evaluations.key())


def _moment(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
