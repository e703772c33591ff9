"""``processed`` and ``quarantine``: the rows that the raw responses hold."""

import datetime as dt
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import dagster as dg
import polars as pl

from spotify_assets.defs.catalog.raw import CATALOG
from spotify_assets.defs.catalog.raw_file import raw_file
from spotify_assets.defs.checks import asset_key, contract_check, contract_kept
from spotify_assets.defs.failures import DaysNotHeld, NotThere, failing
from spotify_assets.defs.metadata import markdown
from spotify_assets.defs.metadata.recent import plots
from spotify_assets.defs.metadata.tables import ONE_READING, describe_table, rows_by_day, table_spec
from spotify_assets.defs.partitions import genre_days_of
from spotify_assets.defs.resources import LakeResource
from spotify_assets.lake import GenreDay, Lake, LakeError
from spotify_assets.lake.log import Origin
from spotify_assets.lake.raw import RawPartition, Sealed
from spotify_assets.lake.tables import by_genre_day, write_days
from spotify_assets.schemas import FACTS, PROCESSED, RANKED
from spotify_assets.schemas.catalog.processed import QuarantinedRows, Reconciliation
from spotify_assets.storage.errors import ProjectError
from spotify_assets.text.visible import in_line
from spotify_assets.transforms.catalog.responses import process
from spotify_assets.transforms.version import code_version

BATCH_BYTES = 192 << 20
"""Uncompressed JSON that one worker reads at a time; bounds the memory of a run of many days."""
MADE_OF_THEM = frozenset(contract.table() for contract in (*RANKED, *FACTS))
"""The tables without which those of a genre-day do not fit together."""
WORKERS = 2
"""DuckDB and polars work outside Python's lock, so threads are enough."""


@dg.multi_asset(
    name="process",
    specs=[
        table_spec(contract, [CATALOG], kinds={"duckdb", "polars", "parquet"}, note=ONE_READING)
        for contract in PROCESSED
    ],
    check_specs=[contract_check(contract) for contract in PROCESSED],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
@failing
def process_catalog(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Type, deduplicate and key the rows; what breaks a contract is set aside with the reason."""
    sealed = _sealed(lake.lake, genre_days_of(context))
    none = dict.fromkeys((one.genre_day for one in sealed), 0)
    rows = {contract.table(): dict(none) for contract in PROCESSED}
    reasons = []
    for tables in _processed(lake.lake, context.run.run_id, _batches(sealed)):
        for table, frame in tables.items():
            rows[table].update(rows_by_day(frame))
        aside = tables[QuarantinedRows.table()]
        reasons.append(aside.group_by("table_name", "reason").agg(pl.len().alias("times")))
        for genre, date in _found_nothing(tables[Reconciliation.table()]):
            context.log.warning("%s on %s: the API found nothing; 0 rows.", in_line(genre), date)
    with lake.lake.log.snapshot():
        of_newest = plots(lake.lake, max(none))
        for contract in PROCESSED:
            table = contract.table()
            describe_table(context, lake.lake, contract, rows[table], of_newest.get(table))
    yield from _report(rows, pl.concat(reasons))


def _sealed(lake: Lake, days: list[GenreDay]) -> list[Sealed]:
    """What raw holds of the days.

    Raises:
        DaysNotHeld: It does not hold all of them; none is begun.
        LakeError: One cannot be begun.
    """
    held: list[Sealed] = []
    missing: dict[GenreDay, ProjectError] = {}
    for day in days:
        try:
            if sealed := RawPartition(lake, day).latest():
                held.append(sealed)
            else:
                missing[day] = NotThere(
                    f"The lake holds no finished collection of {day}: materialize raw/catalog."
                )
        except LakeError as error:
            missing[day] = error
    if missing:
        raise DaysNotHeld(missing)
    return held


def _batches(sealed: list[Sealed]) -> Iterator[list[Sealed]]:
    batch: list[Sealed] = []
    for one in sealed:
        if batch and sum(other.bytes for other in batch) + one.bytes > BATCH_BYTES:
            yield batch
            batch = []
        batch.append(one)
    yield batch


def _processed(
    lake: Lake, run_id: str, batches: Iterator[list[Sealed]]
) -> Iterator[dict[str, pl.DataFrame]]:
    """The tables of each batch, once they are in the lake; a worker has one batch at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        under_way = deque(pool.submit(_process, lake, run_id, b) for b in islice(batches, WORKERS))
        while under_way:
            yield under_way.popleft().result()
            under_way.extend(pool.submit(_process, lake, run_id, b) for b in islice(batches, 1))


def _process(lake: Lake, run_id: str, batch: list[Sealed]) -> dict[str, pl.DataFrame]:
    origin = Origin(run=run_id, code_version=code_version())
    tables = process([raw_file(one) for one in batch])
    for genre, days in by_genre_day(tables, [one.genre_day for one in batch]).items():
        # Until the facts are made of them, nobody sees them.
        write_days(lake, genre, days, origin, awaits=MADE_OF_THEM)
    return tables


def _found_nothing(reconciliation: pl.DataFrame) -> list[tuple[str, dt.date]]:
    received = reconciliation.group_by("genre", "date").agg(pl.col("received").sum())
    return (
        received.filter(pl.col("received") == 0)
        .select("genre", "date")
        .sort("genre", "date")
        .rows()
    )


def _report(
    rows: Mapping[str, Mapping[GenreDay, int]], reasons: pl.DataFrame
) -> Iterator[dg.MaterializeResult[None]]:
    for contract in PROCESSED:
        name = contract.table().partition(".")[2]
        aside = reasons.filter(pl.col("table_name") == name)
        by_reason = aside.group_by("reason").agg(pl.col("times").sum())
        listed = "\n".join(
            f"- {times} x {markdown.inline(reason)}"
            for reason, times in by_reason.sort("times", descending=True).head(10).iter_rows()
        )
        count = sum(rows[contract.table()].values())
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            check_results=[
                contract_kept(
                    contract,
                    count,
                    int(aside["times"].sum()),
                    listed,
                    genre_days=len(rows[contract.table()]),
                )
            ],
        )
