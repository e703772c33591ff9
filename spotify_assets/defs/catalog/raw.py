"""``raw``: every response as it came."""

import datetime as dt
import json
import logging
from itertools import islice

import dagster as dg
import polars as pl

from spotify_assets.defs.failures import DaysNotHeld, failing
from spotify_assets.defs.metadata.markdown import MAX_ROWS
from spotify_assets.defs.metadata.tables import Metadata, describe, described, preview
from spotify_assets.defs.partitions import genre_days, genre_days_of
from spotify_assets.defs.resources import ApiResource, LakeResource
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.operations import logs
from spotify_assets.sources.spotify_api.collect import collect, is_whole
from spotify_assets.sources.spotify_api.errors import DayCannotBeAsked
from spotify_assets.storage.errors import ProjectError

PROGRESS_LOG = "spotify_assets.progress"
"""Each page says here how far a collection is; the command shows it beside its bar."""
CATALOG = dg.AssetKey(["raw", "catalog"])
progress_log = logging.getLogger(PROGRESS_LOG)


class CollectConfig(dg.Config):
    """How much to ask for; what is not said here is as in the settings."""

    artists: int | None = None
    """How many artists of the genre, at most 1000."""
    tracks: int | None = None
    """How many tracks of the genre, at most 1000."""
    market: str | None = None
    """Market (ISO 3166-1 alpha-2)."""
    force: bool = False
    """Ask again although the day is collected; the earlier responses stay."""


@dg.asset(
    key=CATALOG,
    partitions_def=genre_days,
    group_name="raw",
    kinds={"python", "json"},
    tags={"grain": "genre-day"},
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="spotify_api",
)
@failing
def catalog(
    context: dg.AssetExecutionContext,
    config: CollectConfig,
    api: dg.ResourceParam[ApiResource],
    lake: LakeResource,
) -> dg.MaterializeResult[None]:
    """Every response of the Web API to what a genre-day asks, as it came, with its hash.

    A line a response, with the request, status and time; sealed as `.jsonl.zst`. A day that was
    collected is not asked for again. The real API answers for today only.
    """
    sealed = []
    missing: dict[GenreDay, ProjectError] = {}
    for day in genre_days_of(context):
        try:
            sealed.append(_collect(day, context.run.run_id, config, api, lake.lake))
        except DayCannotBeAsked as error:
            missing[day] = error
    if missing:
        raise DaysNotHeld(missing)
    shown = described([one.genre_day for one in sealed])
    describe(
        context,
        CATALOG,
        {one.genre_day: _described(lake.lake, one) for one in sealed if one.genre_day in shown},
        {},
    )
    return dg.MaterializeResult()


def _described(lake: Lake, sealed: Sealed) -> Metadata:
    return {
        "dagster/partition_row_count": sealed.lines,
        "dagster/uri": lake.uri(sealed.source_file),
        "path": dg.MetadataValue.path(str(sealed.path)),
        "bytes": sealed.bytes,
        "sha256": sealed.sha256,
        "source": sealed.terms.source,
        "preview": preview(_first_exchanges(sealed)),
    }


def _first_exchanges(sealed: Sealed) -> pl.DataFrame:
    """What was asked, and what came: the bodies are too long to be shown."""
    return pl.DataFrame(
        [
            {
                "line": one.line,
                "path": one.request.path,
                "params": json.dumps(dict(one.request.params), ensure_ascii=False),
                "status": one.response.status,
                "bytes": len(one.response.body),
                "ms": one.response.elapsed_ms,
            }
            for one in islice(read_exchanges(sealed.path), MAX_ROWS)
        ]
    )


def _can_be_asked(sealed: Sealed) -> bool:
    is_today = sealed.genre_day.date == dt.datetime.now(dt.UTC).date()
    return is_today or sealed.terms.source == "sandbox"


def _collect(
    day: GenreDay, run_id: str, config: CollectConfig, api: ApiResource, lake: Lake
) -> Sealed:
    partition = RawPartition(lake, day)
    goes_on = config.force or partition.is_under_way()
    sealed = None if goes_on else partition.latest()
    if sealed and (is_whole(sealed) or not _can_be_asked(sealed)):
        # Raw is enough to go on: no credentials are needed to process it again.
        return sealed
    settings = api.settings

    def tell(what: str, done: int, wanted: int) -> None:
        progress_log.info(
            "%s: %d of %d %s", day, done, wanted, what, extra={"progress": (what, done, wanted)}
        )

    with api.client(day, run_id) as client, logs.about(day.genre, day.date):
        terms = CollectionParameters(
            source=client.connection.source,
            market=config.market or settings.market,
            artists=settings.artists if config.artists is None else config.artists,
            tracks=settings.tracks if config.tracks is None else config.tracks,
        )
        return collect(
            client,
            partition,
            terms,
            today=dt.datetime.now(dt.UTC).date(),
            force=config.force,
            progress=tell,
        )
