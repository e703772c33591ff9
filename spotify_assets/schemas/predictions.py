"""What is estimated of a label's releases: what comes next, and what campaigns added.

Belongs here: the contracts. Does not belong here: how anything is estimated (``learning``).
"""

from collections.abc import Mapping
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

FACTS: Mapping[type[Contract], tuple[str, ...]] = {
    DimRelease: ("release_id", "released_on"),
    FactStreamsDaily: ("release_id", "date", "streams"),
    FactCampaignDaily: ("release_id", "campaign", "date", "currency", "spend"),
    FactPlaylistWindow: (
        *("release_id", "window_name", "downloaded_on"),
        *("playlist", "author", "added_on", "streams"),
    ),
}
"""What everything is estimated from: tables, and of each the columns."""


def _release_id() -> Any:
    return c.text("Id of the release, as `releases.toml` declares it.")


def _share(what: str, *, nullable: bool = True) -> Any:
    return c.column(nullable=nullable, description=what)


def _model_version() -> Any:
    return c.column(
        str_matches="^[0-9a-f]{16}$",
        description="First 16 digits of the hash of the model, in `predictions.models`.",
    )


def _predicted_from() -> Any:
    return c.text("Last day of the release that was known: what is predicted comes after it.")


def _days_ahead() -> Any:
    return c.column(ge=1, le=28, description="Days from `predicted_from` to `date`.")


CANDIDATES = ["naive", "mean_7", "seasonal_naive", "lightgbm"]
_SAID = "`naive`: the last day; `mean_7`: the mean of the last seven; `seasonal_naive`: the same "
_SAID += "weekday of the last week; `lightgbm`: what LightGBM learned."


def _candidate(what: str, *, nullable: bool = False) -> Any:
    return c.one_of(CANDIDATES, f"{what} {_SAID}", nullable=nullable)


class StreamsDaily(
    Contract,
    table="predictions.streams_daily",
    grain="one release on one of the 28 days after its last known day, by one model",
    key=("release_id", "predicted_from", "date", "model_version"),
    references={
        ("release_id",): "star.dim_release",
        ("model_version",): "predictions.models",
    },
    stage=Stage.PREDICTIONS,
):
    """Streams that are expected, with the interval that 80 % of days are meant to lie in.

    Written once, when the day was still to come, and never changed. Where too little is known, the
    row says so and has no number.
    """

    release_id: str = _release_id()
    predicted_from: pl.Date = _predicted_from()
    date: pl.Date = c.text("Day that is predicted.")
    days_ahead: pl.Int32 = _days_ahead()
    status: str = c.one_of(["predicted", "too little data"], "Whether there is a number.")
    needs: str = c.text("Where there is none: what it takes.", nullable=True)
    candidate: str = _candidate("What says it.", nullable=True)
    predicted: pl.Float64 = c.column(ge=0, nullable=True, description="Streams expected.")
    low: pl.Float64 = c.column(ge=0, nullable=True, description="Lower end of the interval.")
    high: pl.Float64 = c.column(ge=0, nullable=True, description="Upper end of the interval.")
    share_inside: pl.Float64 = c.column(
        ge=0,
        le=1,
        nullable=True,
        description="Share of days that such intervals really held when the model was evaluated; "
        "0.8 is meant.",
    )
    naive: pl.Float64 = c.column(
        ge=0, nullable=True, description="What `naive` says: the last day goes on."
    )
    contributions: str = c.text(
        "Of `lightgbm`: what each feature added to the logarithm of streams against the mean of "
        "the last seven days (SHAP values), and the base, as a JSON object.",
        nullable=True,
    )
    made_at: c.Moment = c.moment("When it was predicted")
    model_version: str = _model_version()


class Scores(
    Contract,
    table="predictions.scores",
    grain="one prediction whose day has come",
    key=("release_id", "predicted_from", "date", "model_version"),
    references={
        ("release_id",): "star.dim_release",
        ("model_version",): "predictions.models",
    },
    stage=Stage.PREDICTIONS,
):
    """What was predicted, and what came: how good the predictions were, for anyone to see."""

    release_id: str = _release_id()
    predicted_from: pl.Date = _predicted_from()
    date: pl.Date = c.text("Day that was predicted.")
    days_ahead: pl.Int32 = _days_ahead()
    candidate: str = _candidate("What said it.")
    predicted: pl.Float64 = c.column(ge=0, description="Streams that were expected.")
    streams: pl.Int64 = c.count("Streams that came.")
    error: pl.Float64 = c.text("`streams` less `predicted`.")
    naive_error: pl.Float64 = c.text("The same of `naive`: what the last day going on would miss.")
    is_inside: bool = c.text("Whether the streams were in the interval; 80 % should be.")
    model_version: str = _model_version()


class Models(
    Contract,
    table="predictions.models",
    grain="one model",
    key=("model_version",),
    stage=Stage.PREDICTIONS,
):
    """The models, each a file of the lake that can be made again from it, byte for byte.

    The one trained last predicts. One that did worse than `naive` over 28 days took itself out:
    until the next is trained, `naive` predicts.
    """

    model_version: str = _model_version()
    trained_at: c.Moment = c.moment("When it was trained")
    first_day: pl.Date = c.text("First day that it learned from.")
    last_day: pl.Date = c.text("Last day that it learned from.")
    releases: pl.Int64 = c.count("Releases that it learned from.")
    days: pl.Int64 = c.count("Known days of releases that it learned from.")
    files_until: c.Moment = c.moment("When the newest file that it learned from was imported")
    code_version: str = c.text("Version of the code that made it.")
    candidates: pl.List = c.text("What was compared.")
    why_no_lightgbm: str = c.text("Why LightGBM was no candidate.", nullable=True)
    lightgbm: str = c.text("Version of LightGBM.", nullable=True)
    parameters: str = c.text("What LightGBM was fitted with, as a JSON object.")
    is_current: bool = c.text("Whether it is the one that predicts.")
    withdrawn_on: pl.Date = c.text(
        "First day up to which its predictions of 28 days missed by more than `naive`.",
        nullable=True,
    )
    file: str = c.text("File of the model, relative to the lake.")


class Evaluations(
    Contract,
    table="predictions.evaluations",
    grain="one candidate of a model, so many days ahead",
    key=("model_version", "days_ahead", "candidate"),
    references={("model_version",): "predictions.models"},
    stage=Stage.PREDICTIONS,
):
    """How each candidate did on the last half year, from one week to the next; the best is used."""

    model_version: str = _model_version()
    days_ahead: pl.Int32 = c.column(ge=1, le=28, description="Days ahead.")
    candidate: str = _candidate("What was evaluated.")
    is_winner: bool = c.text("Whether it is used: its `wape` is the least.")
    errors: pl.Int64 = c.count("Predictions that were compared with what came.")
    wape: pl.Float64 = c.column(ge=0, description="Sum of absolute errors, as a share of streams.")
    low_factor: pl.Float64 = c.column(
        ge=0, description="Lower end of the interval of streams + 1, as a factor."
    )
    high_factor: pl.Float64 = c.column(ge=0, description="Upper end of it.")
    share_inside: pl.Float64 = c.column(
        ge=0,
        le=1,
        nullable=True,
        description="Share of the last stretch that lay in the interval of those before it.",
    )


class PlaylistTriggers(
    Contract,
    table="predictions.playlist_triggers",
    grain="one release, one playlist of Spotify's and one of the 28 days after its last list",
    key=("release_id", "playlist", "date"),
    references={("release_id",): "star.dim_release"},
    stage=Stage.PREDICTIONS,
):
    """How likely a release is to enter Release Radar or Discover Weekly on a day.

    Learned from lists of playlists alone, and scored against the base rate; where too few windows
    are known, the row says so and has no number.
    """

    release_id: str = _release_id()
    playlist: str = c.one_of(["Release Radar", "Discover Weekly"], "The playlist.")
    date: pl.Date = c.text("Day on which it may enter.")
    known_until: pl.Date = c.text("Last day of the newest list of its playlists.")
    status: str = c.one_of(
        ["predicted", "on it", "too little data"],
        "Whether there is a number; `on it`: it was there in the last window.",
    )
    needs: str = c.text("Where too little is known: what it takes.", nullable=True)
    probability: pl.Float64 = c.column(
        ge=0, le=1, nullable=True, description="Chance that it enters on that day."
    )
    base_rate: pl.Float64 = c.column(
        ge=0, le=1, nullable=True, description="Entries a day in all windows of all releases."
    )
    method: str = c.one_of(
        ["all windows", "new releases apart"],
        "Where the chance comes from: the one with the better Brier score.",
        nullable=True,
    )
    brier: pl.Float64 = c.column(
        ge=0,
        le=1,
        nullable=True,
        description="Brier score of it over windows, from those before each; 0 is best.",
    )
    base_brier: pl.Float64 = c.column(
        ge=0, le=1, nullable=True, description="The same of the base rate."
    )
    windows: pl.Int64 = c.count("Windows in which a release could enter.")
    entries: pl.Int64 = c.count("Of these, those in which one did.")


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


class PredictionSources(
    Contract,
    table="monitoring.prediction_sources",
    grain="one file of a model or of predictions in the lake, as it was loaded",
    key=("file",),
    stage=Stage.PUBLICATION,
):
    """What the tables of predictions were made from beside those of releases."""

    file: str = c.lake_file()
    bytes: pl.Int64 = c.file_bytes()
    modified_ns: pl.Int64 = c.written_ns()
