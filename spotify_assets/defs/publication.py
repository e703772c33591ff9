"""Publishing: the one place that puts together what the warehouse is made of.

Belongs here: which queries, logs and tables of plays go into it, and calling it, in a
run or outside one. Does not belong here: how it is done (``warehouse.publication``).
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from spotify_assets.defs.compiled import compiled
from spotify_assets.defs.monitoring.logs import logs
from spotify_assets.defs.partitions import key_of
from spotify_assets.lake import GenreDay
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.lake.history import bring_up_to_date
from spotify_assets.operations.alerts import causes
from spotify_assets.schemas import Contract
from spotify_assets.schemas.contract import ContractBroken
from spotify_assets.schemas.predictions import FACTS
from spotify_assets.settings import Settings
from spotify_assets.storage.errors import ProjectError
from spotify_assets.text.visible import in_line, visible
from spotify_assets.transforms import comments, listening, releases
from spotify_assets.transforms.comments.topics import vocabulary
from spotify_assets.transforms.expressions import OF_ALL_DAYS, inputs
from spotify_assets.warehouse.publication.catalog import Query
from spotify_assets.warehouse.publication.comments import Comments
from spotify_assets.warehouse.publication.domain import Domain
from spotify_assets.warehouse.publication.listening import Listening
from spotify_assets.warehouse.publication.predictions import Predictions
from spotify_assets.warehouse.publication.publish import Published, publish
from spotify_assets.warehouse.publication.releases import File, Releases

LOG = logging.getLogger(__name__)


def publish_now(
    settings: Settings,
    *,
    compact: bool = False,
    log: logging.Logger = LOG,
) -> Published:
    """Bring the warehouse to the state of the lake and the logs.

    Args:
        settings: Where they are.
        compact: As `warehouse.publication.publish.publish` has it.
        log: Where what had to be left out is said; an incident tells people.

    Raises:
        WarehouseError: What is there does not fit together; the old state stays.
        ProjectError: Rows that were made break their contract; the old state stays.
        LakeError: It cannot be written.
        LedgerError: The request ledger cannot be read.
        OperationsError: The runs cannot be read.
    """
    # Only now: it takes a third of the time in which Dagster loads all of ours.
    from spotify_assets.sources import account_export as exports  # noqa: PLC0415

    bring_up_to_date(settings.lake)
    lake_of_comments.bring_up_to_date(settings.lake)
    for left in exports.renew(settings.lake):
        log.warning("The export file %s: %s", in_line(left.name), in_line(left.reason))
    try:
        published = publish(
            settings.lake,
            settings.database,
            queries(),
            logs(settings),
            domains(),
            time_zone=settings.time_zone,
            compact=compact,
            readers=settings.readers,
        )
    except ContractBroken as error:
        raise ProjectError(f"Nothing was published: {error}") from error
    for one in published.damaged.iter_rows(named=True):
        log.warning("%s", visible(_left_out(one)))
    return published


def _left_out(damaged: Mapping[str, Any]) -> str:
    said = f"{damaged['file']} of the lake is left out of the warehouse: {damaged['reason']}"
    if damaged["genre"] is None:
        return said
    partition = key_of(GenreDay(damaged["genre"], damaged["date"]))
    advice = causes.monitoring.remake(Path(damaged["file"]), str(partition))
    # A line of a log is one line.
    return f"{said.rstrip('.')}. {' '.join(line.strip() for line in advice.splitlines())}"


def queries() -> dict[type[Contract], Query]:
    """The query of each table that is made from all days; compiled when first asked for."""
    return {
        contract: Query(compiled(contract).sql, compiled(contract).sql_of_some, inputs(contract))
        for contract in OF_ALL_DAYS
    }


def domains() -> tuple[Domain, ...]:
    """How the tables of each domain are made that is loaded whole, after those that it follows."""
    return of_plays(), of_releases(), of_comments(), of_predictions()


def of_plays() -> Listening:
    """How the tables of plays are made."""
    return Listening(
        derive=listening.derive,
        made=listening.DERIVED,
        outdated=listening.IS_OUTDATED,
        version=listening.version(),
    )


def of_releases() -> Releases:
    """How the tables of releases are made."""
    return Releases(derive=_derive_releases, version=releases.version())


def of_comments() -> Comments:
    """How the tables of comments are made."""
    return Comments(derive=_derive_comments, made=comments.DERIVED, version=comments.version())


def of_predictions() -> Predictions:
    """How what is estimated from the releases is made."""
    # Only now: it imports numpy.
    from spotify_assets.learning.releases import tables, version  # noqa: PLC0415

    return Predictions(derive=tables.derive, facts=FACTS, version=version())


def _derive_comments(connection: duckdb.DuckDBPyConnection, own_topics: str | None) -> None:
    comments.derive(connection, vocabulary(own_topics))


def _derive_releases(files: list[File]) -> dict[type[Contract], pl.DataFrame]:
    return releases.derive(releases.File(*file) for file in files)
