"""Downloads of an artist's team, and the tables that are made of them.

Belongs here: the assets, what they show, how they fail. Does not belong here: reading files
(``sources.release_files``), and which release a row is of (``transforms.releases``).
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from pydantic import Field

from spotify_assets.defs.checks import contract_check
from spotify_assets.defs.failures import failing
from spotify_assets.defs.metadata.tables import ONE_READING, table_spec
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.publishing import fail_if_damaged, tables_of
from spotify_assets.defs.resources import LakeResource, WarehouseResource
from spotify_assets.lake.release_files import RELEASE_FILES
from spotify_assets.schemas import RELEASES
from spotify_assets.settings import Settings
from spotify_assets.text.visible import in_line
from spotify_assets.warehouse.publication.releases import Releases

FILES = dg.AssetKey(RELEASE_FILES.split("."))
FILE_IDS, REFUSED = "file ids", "refused"
"""Metadata of an import: what was read, and what could not be."""


class ImportConfig(dg.Config):
    """What to import."""

    paths: list[str] = Field(default_factory=list)
    """Folders and files; where there are none, the inbox."""


@dg.asset(
    key=FILES,
    group_name="raw",
    kinds={"polars", "parquet"},
    tags={"grain": "file"},
)
@failing
def release_files(
    context: dg.AssetExecutionContext,
    config: ImportConfig,
    lake: LakeResource,
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult[None]:
    """Every download of an artist's team as it came, with its rows; none is imported twice."""
    from spotify_assets.sources import release_files as downloads  # noqa: PLC0415 - as exports

    paths = [Path(path) for path in config.paths] or [settings.inbox]
    now = dt.datetime.now(dt.UTC)
    done = downloads.import_files(downloads.find(paths), lake.lake, now)
    for name, reason in done.refused:
        context.log.warning("%s: %s", in_line(name), in_line(reason))
    return dg.MaterializeResult(
        metadata={
            "files": len(done.file_ids),
            "new": len(done.new),
            "received": done.received,
            "quarantined": done.broken,
            FILE_IDS: dg.MetadataValue.json(done.file_ids),
            REFUSED: dg.MetadataValue.json([list(one) for one in done.refused]),
        }
    )


@dg.multi_asset(
    name="publish_releases",
    specs=[
        table_spec(
            contract, [FILES], kinds={"polars", "duckdb"}, note=ONE_READING, partitions_def=None
        )
        for contract in RELEASES
    ],
    check_specs=[contract_check(contract) for contract in RELEASES],
    pool="warehouse",
)
@failing
def publish_releases(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Put together what the downloads say, each number once, and publish."""
    published = publish_now(settings, log=context.log)
    yield from tables_of(context, warehouse, published, RELEASES)
    fail_if_damaged(published, Releases, "releases")
