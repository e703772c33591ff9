"""Comments: batches, their labels, and the tables that are made of them.

Belongs here: the assets, what they show, how they fail. Does not belong here: reading files
(``sources.comments``), labelling (``learning``), which comment is which (``transforms.comments``).
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from pydantic import Field

from spotify_assets.defs.checks import asset_key, contract_check, contract_kept
from spotify_assets.defs.comments.evaluation import EVALUATION
from spotify_assets.defs.failures import failing
from spotify_assets.defs.metadata.tables import ONE_READING, keys, table_spec
from spotify_assets.defs.partitions import days
from spotify_assets.defs.policies import BROUGHT
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.publishing import fail_if_damaged, tables_of
from spotify_assets.defs.resources import LakeResource, WarehouseResource
from spotify_assets.lake.comments import COMMENTS as RAW_COMMENTS
from spotify_assets.lake.comments import batch_files
from spotify_assets.schemas import COMMENTS
from spotify_assets.schemas.comments import (
    Comments,
    Confusion,
    Evaluations,
    QuarantinedComments,
    ReceivedComments,
    TextLabels,
)
from spotify_assets.settings import Settings
from spotify_assets.text.visible import in_line
from spotify_assets.warehouse.publication import comments as publication

BATCHES = dg.AssetKey(RAW_COMMENTS.split("."))
BATCH_IDS, REFUSED = "batch ids", "refused"
"""Metadata of an import: what was read, and what could not be."""
OF_A_DAY = (ReceivedComments, TextLabels)
PERSONAL = (Comments, QuarantinedComments)
"""What Dagster keeps of a materialization, nobody can have forgotten: of these it shows no rows."""


class ImportConfig(dg.Config):
    """What to import."""

    paths: list[str] = Field(default_factory=list)
    """Folders and files; where there are none, the drop folder."""


@dg.asset(
    key=BATCHES,
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="raw",
    kinds={"python", "json"},
    tags={"grain": "batch", BROUGHT: ""},
)
@failing
def comment_batches(
    context: dg.AssetExecutionContext,
    config: ImportConfig,
    lake: LakeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[None]:
    """Comments as they came, in batches, without names of authors.

    What lies in the drop folder is imported, as received today; what came by the API is there.
    """
    from spotify_assets.sources.comments import importing  # noqa: PLC0415 - as exports

    paths = [Path(path) for path in config.paths] or [settings.comment_inbox]
    files = importing.find(paths)
    done = importing.import_files(files, lake.lake, dt.datetime.now(dt.UTC))
    for name, reason in done.refused:
        context.log.warning("%s: %s", in_line(name), in_line(reason))
    there = sum(len(batch_files(lake.lake, date)) for date in _dates(context))
    return dg.MaterializeResult(
        metadata={
            "batches of the day": there,
            "files": len(done.batch_ids),
            "new": len(done.new),
            "received": done.received,
            BATCH_IDS: dg.MetadataValue.json(done.batch_ids),
            REFUSED: dg.MetadataValue.json([list(one) for one in done.refused]),
        }
    )


@dg.multi_asset(
    name="label_texts",
    specs=[
        table_spec(
            contract,
            [BATCHES],
            kinds={"polars", "parquet"},
            note=ONE_READING,
            partitions_def=days,
        ).merge_attributes(tags={BROUGHT: ""})
        for contract in OF_A_DAY
    ],
    check_specs=[contract_check(contract) for contract in OF_A_DAY],
    backfill_policy=dg.BackfillPolicy.single_run(),
    # A labeller may cost money or fill the memory: of those that run at once, it is the same.
    pool="labeller",
)
@failing
def label_texts(
    context: dg.AssetExecutionContext,
    lake: LakeResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Type the comments of a day, and label the texts that this labeller has not seen yet."""
    from spotify_assets.defs.comments.labeller import labeller  # noqa: PLC0415 - heavy, perhaps
    from spotify_assets.learning.labelling import label_day  # noqa: PLC0415 - as above

    chosen = labeller(settings)
    done = [label_day(lake.lake, date, chosen, context.log.info) for date in _dates(context)]
    received, quarantined = sum(one.received for one in done), sum(one.quarantined for one in done)
    asked, rejected = sum(one.asked for one in done), sum(one.rejected for one in done)
    yield dg.MaterializeResult(
        asset_key=asset_key(ReceivedComments),
        metadata={"dagster/partition_row_count": received, "batches": sum(o.batches for o in done)},
        check_results=[contract_kept(ReceivedComments, received, quarantined)],
    )
    yield dg.MaterializeResult(
        asset_key=asset_key(TextLabels),
        metadata={
            "labeller": chosen.name,
            "version": chosen.version,
            "texts that were asked": asked,
            "unsure": sum(one.unsure for one in done),
            "rejected": rejected,
        },
        check_results=[contract_kept(TextLabels, asked - rejected, rejected)],
    )


def _dates(context: dg.AssetExecutionContext) -> list[dt.date]:
    return [dt.date.fromisoformat(key) for key in sorted(context.partition_keys)]


@dg.multi_asset(
    name="publish_comments",
    specs=[
        table_spec(
            contract,
            [EVALUATION] if contract in (Evaluations, Confusion) else keys(OF_A_DAY),
            kinds={"sql", "duckdb"},
            note=ONE_READING,
            partitions_def=None,
        )
        for contract in COMMENTS
    ],
    check_specs=[contract_check(contract) for contract in COMMENTS],
    pool="warehouse",
)
@failing
def publish_comments(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Put together batches, labels and decisions, every comment once, and publish."""
    published = publish_now(settings, log=context.log)
    yield from tables_of(context, warehouse, published, COMMENTS, PERSONAL)
    fail_if_damaged(published, publication.Comments, "comments")
