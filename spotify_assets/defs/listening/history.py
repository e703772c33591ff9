"""The listening history: exports, polls of what was played last, and the tables of plays.

Belongs here: the assets, what they show, how they fail. Does not belong here: reading exports
(``exports``), asking (``spotify.recently_played``), which rows are the same play
(``transforms.listening``).
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from spotify_assets.defs.checks import asset_key, contract_check, contract_kept
from spotify_assets.defs.failures import NotThere, failing
from spotify_assets.defs.metadata.tables import ONE_READING, keys, table_spec
from spotify_assets.defs.partitions import days
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.publishing import fail_if_damaged, tables_of
from spotify_assets.defs.resources import ApiResource, LakeResource, WarehouseResource
from spotify_assets.lake import Lake
from spotify_assets.lake.history import history_file, write_rows
from spotify_assets.lake.polls import PolledDay, seal_before
from spotify_assets.schemas import Contract, listening
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.errors import DayCannotBeAsked
from spotify_assets.sources.spotify_api.recently_played import poll
from spotify_assets.text.visible import in_line
from spotify_assets.transforms.listening import DERIVED
from spotify_assets.transforms.listening.plays import process
from spotify_assets.warehouse.publication.listening import Listening
from spotify_assets.warehouse.quality.one_listener import Doubts, doubts

if TYPE_CHECKING:
    from spotify_assets.sources.account_export import ImportedFile

STREAMING_HISTORY = dg.AssetKey(["raw", "streaming_history"])
RECENTLY_PLAYED = dg.AssetKey(["raw", "recently_played"])
OF_POLLS: tuple[type[Contract], ...] = (listening.Plays, listening.Polls)
OF_PLAYS: tuple[type[Contract], ...] = (*DERIVED, listening.QuarantinedPlays)
FILES, NEW, REFUSED, WARNINGS = "file ids", "new file ids", "refused", "warnings"
"""Metadata of an import: what was read, what of it was not there before, what could not be read,
and what the listener should know."""


ONE_LISTENER = dg.AssetCheckSpec(
    "one_listener",
    asset=asset_key(listening.FactPlay),
    description="All exports are of one account; no day has over 24 hours of plays (warns).",
)


class ImportConfig(dg.Config):
    """What to import."""

    paths: list[str] = Field(default_factory=list)
    """Zips, folders and files; where there are none, the inbox."""


@dg.multi_asset(
    name="import_exports",
    specs=[
        dg.AssetSpec(
            STREAMING_HISTORY,
            description="Every row of every export file as it came, without personal fields.\n\n"
            "Made together with `processed/streams`, in one reading of the files.",
            group_name="raw",
            kinds={"duckdb", "parquet"},
            tags={"grain": "export-file"},
        ),
        table_spec(
            listening.Streams,
            [STREAMING_HISTORY],
            kinds={"duckdb", "parquet"},
            note=ONE_READING,
            partitions_def=None,
        ),
    ],
    check_specs=[contract_check(listening.Streams)],
)
@failing
def import_exports(
    context: dg.AssetExecutionContext,
    config: ImportConfig,
    lake: LakeResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None]]:
    """Read exports to the row; a file that was imported before is left as it is."""
    from spotify_assets.sources import account_export as exports  # noqa: PLC0415 - slow to import

    paths = [Path(path) for path in config.paths] or [settings.inbox]
    found = exports.find(paths)
    outcomes = list(exports.read_all(found.files, lake.lake, dt.datetime.now(dt.UTC)))
    read = [one for one in outcomes if isinstance(one, exports.ImportedFile)]
    refused = [*found.refused, *(one for one in outcomes if isinstance(one, exports.Refused))]
    warnings = [*found.warnings, *(_cut(one) for one in read if one.ends_early)]
    for warning in warnings:
        context.log.warning("%s", in_line(warning))
    for one in refused:
        context.log.warning("%s: %s", in_line(one.name), in_line(one.reason))
    yield dg.MaterializeResult(
        asset_key=STREAMING_HISTORY,
        metadata={
            "files": len(read),
            "new": sum(not one.already for one in read),
            "received": sum(one.received for one in read),
            "unreadable": sum(one.unreadable for one in read),
            "passed over": found.passed_over,
            FILES: dg.MetadataValue.json([one.file_id for one in read]),
            NEW: dg.MetadataValue.json([one.file_id for one in read if not one.already]),
            WARNINGS: dg.MetadataValue.json(warnings),
            REFUSED: dg.MetadataValue.json([[one.name, one.reason] for one in refused]),
        },
    )
    readable, unreadable = (
        sum(one.readable for one in read),
        sum(one.unreadable for one in read),
    )
    yield dg.MaterializeResult(
        asset_key=asset_key(listening.Streams),
        metadata={"rows of these files": readable},
        check_results=[contract_kept(listening.Streams, readable, unreadable)],
    )


def _cut(file: "ImportedFile") -> str:
    return (
        f"{file.file_name} ends before its list does: the rows after it are missing, the "
        f"{file.readable} that are there are kept. Download the export again and import it; what "
        "both hold counts once."
    )


@dg.asset(
    key=RECENTLY_PLAYED,
    partitions_def=days,
    group_name="raw",
    kinds={"python", "json"},
    tags={"grain": "day"},
    pool="spotify_api",
)
@failing
def recently_played(
    context: dg.AssetExecutionContext, api: dg.ResourceParam[ApiResource], lake: LakeResource
) -> dg.MaterializeResult[None]:
    """What the user played last, as the API says it now: a line an answer.

    A past day cannot be asked for: its polls are what they were.
    """
    today = dt.datetime.now(dt.UTC).date()
    if context.partition_key != today.isoformat():
        raise DayCannotBeAsked(
            f"The API says what was played last now, and not on {context.partition_key}. "
            "Materialize processed/plays of that day to read its polls again."
        )
    with api.user_client(today, context.run.run_id) as client:
        polled = poll(client, lake.lake)
    seal_before(lake.lake, today)
    return dg.MaterializeResult(
        metadata={"plays": polled.plays, "newest": str(polled.newest_at or "none")}
    )


@dg.multi_asset(
    name="read_polls",
    specs=[
        table_spec(
            contract,
            [RECENTLY_PLAYED],
            kinds={"polars", "parquet"},
            note=ONE_READING,
            partitions_def=days,
        )
        for contract in OF_POLLS
    ],
    check_specs=[contract_check(contract) for contract in OF_POLLS],
)
@failing
def read_polls(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Type the plays that the polls of a day showed; what cannot be read is set aside."""
    date = dt.date.fromisoformat(context.partition_key)
    tables = _polls_read(lake.lake, date)
    for contract in OF_POLLS:
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            metadata={"dagster/partition_row_count": tables[contract.table()]},
            check_results=[contract_kept(contract, tables[contract.table()])],
        )


def _polls_read(lake: Lake, date: dt.date) -> dict[str, int]:
    """Write the tables of a day of polls; returns their rows."""
    day = PolledDay(lake, date)
    answers = day.read()
    if not answers:
        raise NotThere(f"The lake holds no poll of {date}: materialize raw/recently_played.")
    tables = process(date, day.source_file, answers)
    for table, frame in tables.items():
        target = history_file(lake, table, f"date={date}")
        write_rows(lake, target, f"{table} of {date}", frame)
    return {table: frame.height for table, frame in tables.items()}


def _plays_spec(contract: type[Contract]) -> dg.AssetSpec:
    deps = [asset_key(listening.Streams), *keys(OF_POLLS)]
    return table_spec(contract, deps, kinds={"sql", "duckdb"}, partitions_def=None)


@dg.multi_asset(
    name="publish_plays",
    specs=[_plays_spec(contract) for contract in OF_PLAYS],
    check_specs=[*(contract_check(contract) for contract in OF_PLAYS), ONE_LISTENER],
    pool="warehouse",
    can_subset=True,
)
@failing
def publish_plays(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Make every play once of all that the exports and the polls say, and publish."""
    published = publish_now(settings, log=context.log)
    yield from tables_of(context, warehouse, published, OF_PLAYS)
    if ONE_LISTENER.key in context.selected_asset_check_keys:
        with warehouse.get_connection() as connection:
            yield _one_listener(doubts(connection))
    fail_if_damaged(published, Listening, "plays")


def _one_listener(found: Doubts) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        asset_key=ONE_LISTENER.asset_key,
        check_name=ONE_LISTENER.name,
        description=" ".join(found.warnings) or None,
        metadata={"accounts": found.accounts, "days over 24 h": len(found.days)},
    )
