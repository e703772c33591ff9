"""Assets that one query makes of one genre-day: the ranks and the facts.

Belongs here: running the query over the partition's files, and storing what keeps the contract.
Does not belong here: the queries (`transforms`), and whatever depends on other days (`publish`).
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from spotify_assets.defs.checks import asset_key, contract_broken, contract_check, contract_kept
from spotify_assets.defs.failures import NotThere, failing
from spotify_assets.defs.metadata.tables import describe_table, rows_by_day, table_spec
from spotify_assets.defs.partitions import genre_days_of
from spotify_assets.defs.resources import LakeResource
from spotify_assets.lake import GenreDay, Lake, months
from spotify_assets.lake.tables import write_partition
from spotify_assets.schemas import FACTS, RANKED, Contract
from spotify_assets.schemas.contract import ContractBroken
from spotify_assets.storage.errors import ProjectError
from spotify_assets.transforms.expressions import inputs, sql
from spotify_assets.transforms.version import code_version
from spotify_assets.warehouse.compute import compute

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
    days = genre_days_of(context)
    yield from _make(context, lake.lake, FACTS, days)
    for day in days:
        lake.lake.finish(day)


def _make(
    context: dg.AssetExecutionContext,
    lake: Lake,
    contracts: tuple[type[Contract], ...],
    days: list[GenreDay],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    for day in days:
        months.unmerge_all(lake, day)
    # Where `process` has begun a day, its tables fit together once all that follow are made.
    makes_all = any(lake.marker(day).exists() for day in days)
    for contract in contracts:
        is_asked = asset_key(contract) in context.selected_asset_keys
        is_checked = contract_check(contract).key in context.selected_asset_check_keys
        if not (is_asked or is_checked or makes_all):
            continue
        try:
            frame = _computed(lake, contract, days)
        except ContractBroken as error:
            if is_checked:
                yield contract_broken(contract, error)
            raise ProjectError(
                f"The query of {contract.table()} gives rows that break its contract; nothing was "
                "stored. See the check's metadata."
            ) from error
        kept = [contract_kept(contract, frame.height, genre_days=len(days))] if is_checked else []
        if is_asked or makes_all:
            _write(lake, contract, days, frame)
        if not is_asked:
            yield from kept
            continue
        rows = dict.fromkeys(days, 0) | rows_by_day(frame)
        describe_table(context, lake, contract, rows)
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            check_results=kept,
        )


def _computed(lake: Lake, contract: type[Contract], days: list[GenreDay]) -> pl.DataFrame:
    files = {table: [lake.rows(table, day) for day in days] for table in inputs(contract)}
    missing = [str(file) for table in files.values() for file in table if not file.exists()]
    if missing:
        raise NotThere(
            f"{contract.table()} needs {missing[0]}, which is not there. Materialize the assets "
            "upstream of it for the same partition first."
        )
    frame = compute(sql(contract), files)
    contract.validate(frame)
    return frame


def _write(lake: Lake, contract: type[Contract], days: list[GenreDay], frame: pl.DataFrame) -> None:
    version = code_version()
    for day in days:
        of_the_day = (pl.col("genre") == day.genre) & (pl.col("date") == day.date)
        rows = frame.filter(of_the_day)
        write_partition(lake, contract.table(), day, rows, code_version=version)
