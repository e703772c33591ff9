"""Assets that one query makes of one genre-day: the ranks and the facts.

Belongs here: running the query over the partition's files, and storing what keeps the contract.
Does not belong here: the queries (`transforms`), and whatever depends on other days (`publish`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import polars as pl

from spotify_assets.defs.checks import asset_key, contract_broken, contract_check, contract_kept
from spotify_assets.defs.compiled import compiled
from spotify_assets.defs.failures import NotThere, failing
from spotify_assets.defs.metadata.tables import describe_table, rows_by_day, table_spec
from spotify_assets.defs.partitions import genre_days_of
from spotify_assets.defs.resources import LakeResource
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.log import Origin, TableFile
from spotify_assets.lake.tables import by_genre_day, held_file, is_shared, under_way, write_days
from spotify_assets.schemas import FACTS, RANKED, Contract
from spotify_assets.schemas.contract import ContractBroken
from spotify_assets.storage.errors import ProjectError
from spotify_assets.transforms.expressions import inputs
from spotify_assets.transforms.version import code_version
from spotify_assets.warehouse.compute import compute

Inputs = dict[tuple[str, GenreDay], TableFile]
"""Which file of each table and genre-day the queries read."""
RANKED_NOTE = "`publish` adds the movement against other days in the warehouse."


def _specs(contracts: tuple[type[Contract], ...], note: str = "") -> list[dg.AssetSpec]:
    return [
        table_spec(
            contract,
            [dg.AssetKey(table.split(".")) for table in inputs(contract)],
            kinds={"sql", "duckdb", "parquet"},
            note=note,
        )
        for contract in contracts
    ]


@dg.multi_asset(
    name="rank",
    specs=_specs(RANKED, RANKED_NOTE),
    check_specs=[contract_check(contract) for contract in RANKED],
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
@failing
def rank(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Rank what the search of each genre-day found."""
    with lake.lake.log.snapshot():
        yield from _make(context, lake.lake, RANKED, genre_days_of(context))


@dg.multi_asset(
    name="facts",
    specs=_specs(FACTS),
    check_specs=[contract_check(contract) for contract in FACTS],
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
@failing
def facts(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Put the measures of each genre-day into fact rows."""
    with lake.lake.log.snapshot():
        yield from _make(context, lake.lake, FACTS, genre_days_of(context))


def _make(
    context: dg.AssetExecutionContext,
    lake: Lake,
    contracts: tuple[type[Contract], ...],
    days: list[GenreDay],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    # Where `process` has prepared a day, its tables fit together once all that follow are made.
    makes_all = any(under_way(lake, day) for day in days)
    inputs_of = _inputs(lake, contracts, days)
    made: dict[type[Contract], pl.DataFrame] = {}
    for contract in contracts:
        is_asked = asset_key(contract) in context.selected_asset_keys
        is_checked = contract_check(contract).key in context.selected_asset_check_keys
        if not (is_asked or is_checked or makes_all):
            continue
        try:
            made[contract] = _computed(lake, contract, inputs_of)
        except ContractBroken as error:
            if is_checked:
                yield contract_broken(contract, error)
            raise ProjectError(
                f"The query of {contract.table()} gives rows that break its contract; nothing was "
                "stored. See the check's metadata."
            ) from error
    written = {
        contract.table(): frame
        for contract, frame in made.items()
        if makes_all or asset_key(contract) in context.selected_asset_keys
    }
    _write(lake, context.run.run_id, written, days, inputs_of)
    for contract, frame in made.items():
        is_checked = contract_check(contract).key in context.selected_asset_check_keys
        kept = [contract_kept(contract, frame.height, genre_days=len(days))] if is_checked else []
        if asset_key(contract) not in context.selected_asset_keys:
            yield from kept
            continue
        rows = dict.fromkeys(days, 0) | rows_by_day(frame)
        describe_table(context, lake, contract, rows)
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            check_results=kept,
        )


def _inputs(lake: Lake, contracts: tuple[type[Contract], ...], days: list[GenreDay]) -> Inputs:
    """The files of the tables that the queries read; prepared ones, where there are any.

    Raises:
        NotThere: One is not.
    """
    found: Inputs = {}
    for table in {table for contract in contracts for table in inputs(contract)}:
        for day in days:
            file = held_file(lake, table, day, prepared=True)
            if file is None:
                raise NotThere(
                    f"{contracts[0].table()} needs {table} of {day}, which is not there. "
                    "Materialize the assets upstream of it for the same partition first."
                )
            found[table, day] = file
    return found


def _computed(lake: Lake, contract: type[Contract], inputs_of: Inputs) -> pl.DataFrame:
    files: dict[str, list[Path]] = {table: [] for table in inputs(contract)}
    shared: dict[Path, list[dt.date]] = defaultdict(list)
    paths = lake.fetched(file.key for file in inputs_of.values())
    for ((table, day), file), path in zip(inputs_of.items(), paths, strict=True):
        if table in files and path not in files[table]:
            files[table].append(path)
        if is_shared(file.key):
            shared[path].append(day.date)
    frame = compute(compiled(contract).sql, files, shared)
    contract.validate(frame)
    return frame


def _write(
    lake: Lake,
    run_id: str,
    tables: Mapping[str, pl.DataFrame],
    days: list[GenreDay],
    inputs_of: Inputs,
) -> None:
    origin = Origin(run=run_id, code_version=code_version())
    for genre, of_genre in by_genre_day(tables, days).items():
        made_from: dict[dt.date, dict[str, str]] = {date: {} for date in of_genre}
        for (table, day), file in inputs_of.items():
            if day.genre == genre:
                made_from[day.date][table] = file.hash
        write_days(lake, genre, of_genre, origin, made_from=made_from)
