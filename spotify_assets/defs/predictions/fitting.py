"""The model of daily streams, and what it predicts.

Belongs here: the assets, what they are given and what they show. Does not belong here: how a model
is chosen and fitted (``learning.releases``), and the tables in the warehouse (``publish``).
"""

import datetime as dt

import dagster as dg
import polars as pl

from spotify_assets.defs.failures import failing
from spotify_assets.defs.metadata.tables import keys, preview, uri
from spotify_assets.defs.publication import of_releases
from spotify_assets.defs.resources import LakeResource
from spotify_assets.lake import Lake
from spotify_assets.lake import predictions as stored
from spotify_assets.lake.history import bring_up_to_date
from spotify_assets.schemas import Contract
from spotify_assets.schemas.predictions import FACTS, StreamsDaily
from spotify_assets.schemas.releases import FactStreamsDaily
from spotify_assets.storage.errors import FailureKind, ProjectError
from spotify_assets.warehouse.publication import releases as downloads

MODEL = dg.AssetKey(["learning", "stream_model"])
PREDICTIONS = dg.AssetKey(["learning", "stream_predictions"])


class NothingToLearn(ProjectError):
    """No day of any release is known."""

    kind = FailureKind.PERMANENT


def facts_of(
    lake: Lake, until: dt.datetime | None = None
) -> tuple[dict[type[Contract], pl.DataFrame], dt.datetime]:
    """The tables of releases as the lake gives them, and when their newest file was imported.

    Args:
        lake: Holds the files.
        until: Of the files that were imported by then alone; else of all.

    Raises:
        NothingToLearn: There is no stream in them.
        DamagedFile: A file is not as it was written.
    """
    bring_up_to_date(lake)
    files = [downloads.read(lake.root / file) for file in downloads.Releases.there(lake)["file"]]
    by_time = [(dt.datetime.fromisoformat(file[0]["imported_at"]), file) for file in files]
    those = [(at, file) for at, file in by_time if until is None or at <= until]
    made = of_releases().derive([file for _, file in those])
    if made[FactStreamsDaily].is_empty():
        raise NothingToLearn(
            "No stream of any release is known: declare the releases and import the timelines of "
            "Spotify for Artists (`spotify-assets import FOLDER`)."
        )
    facts = {contract: made[contract].select(columns) for contract, columns in FACTS.items()}
    return facts, max(at for at, _ in those)


@dg.asset(
    key=MODEL,
    group_name="learning",
    deps=keys(FACTS),
    kinds={"lightgbm", "json"},
    tags={"grain": "model"},
)
@failing
def stream_model(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult[None]:
    """The model of daily streams: of each day ahead the candidate that did best, and LightGBM."""
    return dg.MaterializeResult(metadata=_train(context.log, lake.lake))


def _train(log: dg.DagsterLogManager, lake: Lake) -> dict[str, dg.MetadataValue]:
    """Train a model of all that the lake holds, and keep it."""
    from spotify_assets.learning.releases import boosting, models, tables  # noqa: PLC0415 - numpy

    facts, files_until = facts_of(lake)
    label = tables.label(facts)
    assert label  # noqa: S101 - there are streams
    model = models.train(label, files_until.isoformat(), with_lightgbm=boosting.is_there())
    now = dt.datetime.now(dt.UTC)
    is_new = stored.write_model(lake, model.version, model.text, model.booster, now)
    if why := model.facts["why_no_lightgbm"]:
        log.info("LightGBM was no candidate: %s.", why)
    if not is_new:
        log.info("The data and the code are as before, and so is the model.")
    chosen = pl.DataFrame(
        {
            "days_ahead": day["days_ahead"],
            "winner": day["winner"],
            **{name: round(one["wape"], 3) for name, one in day["candidates"].items()},
        }
        for day in model.facts["days_ahead"]
    )
    return {
        "model": dg.MetadataValue.text(model.version),
        "dagster/uri": dg.MetadataValue.text(uri(stored.model_file(lake, model.version))),
        "chosen": preview(chosen),
    }


@dg.asset(
    key=PREDICTIONS,
    group_name="learning",
    deps=[MODEL],
    kinds={"lightgbm", "parquet"},
    tags={"grain": "release-day"},
)
@failing
def stream_predictions(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> dg.MaterializeResult[None]:
    """What the newest model says of the 28 days after the last known day of each release.

    Written once for each last day: what was predicted is never changed. Where there is no model
    yet, the first is trained.
    """
    from spotify_assets.learning.releases import forecast, models, scores, tables  # noqa: PLC0415

    facts, _ = facts_of(lake.lake)
    if not stored.model_files(lake.lake):
        _train(context.log, lake.lake)
    newest = stored.newest_model(lake.lake)
    label = tables.label(facts)
    assert newest  # noqa: S101 - there is one now
    assert label  # noqa: S101 - there are streams
    before = [stored.read_predictions(path) for path in stored.prediction_files(lake.lake)]
    held = pl.concat([pl.DataFrame(schema=StreamsDaily.polars_schema()), *before])
    out = scores.withdrawn(scores.scores(held, facts[FactStreamsDaily]))
    if since := out.get(newest.version):
        context.log.warning(
            "The model did worse than naive for %d days up to %s: naive predicts until another is "
            "trained.",
            scores.DAYS_WORSE,
            since,
        )
    now = dt.datetime.now(dt.UTC)
    model = models.Model(newest.facts, newest.booster)
    said = forecast.predict(model, label, now, is_withdrawn=newest.version in out)
    new = said.join(held, on=("release_id", "predicted_from", "model_version"), how="anti")
    if new.height:
        StreamsDaily.validate(new)
        stored.write_predictions(lake.lake, now, new)
    return dg.MaterializeResult(
        metadata={
            "predicted": int((new["status"] == forecast.PREDICTED).sum()),
            "too little data": int((new["status"] == forecast.TOO_LITTLE_DATA).sum()),
            "model": newest.version,
            "preview": preview(new.drop("contributions").head(20)),
        }
    )
