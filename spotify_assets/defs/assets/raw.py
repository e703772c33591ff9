"""``raw``: every response as it came."""

import datetime as dt
import logging

import dagster as dg

from spotify_assets.defs.partitions import genre_days, genre_days_of
from spotify_assets.defs.resources import ApiResource, LakeResource
from spotify_assets.lake import GenreDay, Lake, LakeError
from spotify_assets.lake.raw import RawPartition, Sealed, Terms
from spotify_assets.settings import Settings
from spotify_assets.spotify.collect import collect
from spotify_assets.spotify.errors import Blocked, SpotifyError
from spotify_assets.spotify.ledger import LedgerError

PROGRESS_LOG = "spotify_assets.progress"
"""Each page says here how far a collection is; the command shows it beside its bar."""
BLOCKED, BLOCKED_UNTIL = "blocked", "blocked until"
"""Metadata of a failure: which family of requests, and when it may be asked again."""
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
    kinds={"json"},
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def catalog(
    context: dg.AssetExecutionContext, config: CollectConfig, api: ApiResource, lake: LakeResource
) -> dg.MaterializeResult[None]:
    """Every response of the Web API to what a genre-day asks, as it came, with its hash.

    A line a response, with the request, status and time; sealed as `.jsonl.zst`. A day that was
    collected is not asked for again. The real API answers for today only.
    """
    sealed = []
    for day in genre_days_of(context):
        try:
            sealed.append(_collect(day, context.run.run_id, config, api, lake.lake))
        except Blocked as error:
            raise dg.Failure(
                str(error),
                metadata={
                    BLOCKED: error.endpoint,
                    BLOCKED_UNTIL: dg.MetadataValue.timestamp(error.until),
                },
                allow_retries=False,
            ) from error
        except (SpotifyError, LedgerError, LakeError) as error:
            # Asking again at once would not help; what came so far is kept for the next run.
            raise dg.Failure(str(error), allow_retries=False) from error
    return dg.MaterializeResult(
        metadata={
            "responses": sum(one.lines for one in sealed),
            "bytes": sum(one.bytes for one in sealed),
            "path": dg.MetadataValue.path(str(sealed[-1].path)),
            "sha256": sealed[-1].sha256,
            "source": sealed[-1].terms.source,
        }
    )


def _collect(
    day: GenreDay, run_id: str, config: CollectConfig, api: ApiResource, lake: Lake
) -> Sealed:
    partition = RawPartition(lake, day)
    if not config.force and not partition.is_under_way() and (sealed := partition.latest()):
        # Raw is enough to go on: no credentials are needed to process it again.
        return sealed
    settings = Settings()

    def tell(what: str, done: int, wanted: int) -> None:
        progress_log.info(
            "%s: %d of %d %s", day, done, wanted, what, extra={"progress": (what, done, wanted)}
        )

    with api.client(day, run_id) as client:
        terms = Terms(
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
            anew=config.force,
            progress=tell,
        )
