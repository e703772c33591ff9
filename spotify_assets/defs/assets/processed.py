"""``processed`` and ``quarantine``: the rows that the raw responses hold."""

import datetime as dt
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import dagster as dg
import polars as pl

from spotify_assets.defs.assets.metadata import table_spec
from spotify_assets.defs.assets.raw import CATALOG
from spotify_assets.defs.checks import asset_key, contract_check, contract_kept
from spotify_assets.defs.partitions import genre_days_of
from spotify_assets.defs.resources import LakeResource
from spotify_assets.lake import GenreDay, Lake, LakeError
from spotify_assets.lake.raw import RawPartition, Sealed
from spotify_assets.lake.tables import write_partition
from spotify_assets.schemas import PROCESSED
from spotify_assets.schemas.processed import Intake, QuarantinedRows
from spotify_assets.transforms.catalog import RawFile, process

BATCH_BYTES = 192 << 20
"""Uncompressed JSON that one worker reads at a time; bounds the memory of a run of many days."""
WORKERS = 2
"""DuckDB and polars work outside Python's lock, so threads are enough."""


@dg.multi_asset(
    name="process",
    specs=[table_spec(contract, [CATALOG], kinds={"parquet"}) for contract in PROCESSED],
    check_specs=[contract_check(contract) for contract in PROCESSED],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def process_catalog(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Type, deduplicate and key the rows; what breaks a contract is set aside with the reason."""
    sealed = [_sealed(lake.lake, day) for day in genre_days_of(context)]
    rows: Counter[str] = Counter()
    reasons = []
    for tables in _processed(lake.lake, _batches(sealed)):
        rows.update({table: frame.height for table, frame in tables.items()})
        aside = tables[QuarantinedRows.table()]
        reasons.append(aside.group_by("table_name", "reason").agg(pl.len().alias("times")))
        for genre, date in _found_nothing(tables[Intake.table()]):
            context.log.warning("%s on %s: the API found nothing; 0 rows.", genre, date)
    yield from _report(rows, pl.concat(reasons))


def _sealed(lake: Lake, day: GenreDay) -> Sealed:
    try:
        sealed = RawPartition(lake, day).latest()
    except LakeError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    if sealed is None:
        raise dg.Failure(
            f"The lake holds no finished collection of {day}. Materialize raw/catalog of it.",
            allow_retries=False,
        )
    # Until the facts are made, this genre-day's tables do not fit together.
    lake.begin(day)
    return sealed


def _raw_file(sealed: Sealed) -> RawFile:
    return RawFile(
        sealed.path,
        sealed.source_file,
        sealed.genre_day.genre,
        sealed.genre_day.date,
        sealed.terms.source,
        sealed.terms.market,
        sealed.terms.artists,
        sealed.terms.tracks,
    )


def _batches(sealed: list[Sealed]) -> Iterator[list[Sealed]]:
    batch: list[Sealed] = []
    for one in sealed:
        if batch and sum(other.bytes for other in batch) + one.bytes > BATCH_BYTES:
            yield batch
            batch = []
        batch.append(one)
    yield batch


def _processed(lake: Lake, batches: Iterator[list[Sealed]]) -> Iterator[dict[str, pl.DataFrame]]:
    """The tables of each batch, once they are in the lake; a worker has one batch at a time."""
    with ThreadPoolExecutor(WORKERS) as pool:
        under_way = deque(pool.submit(_process, lake, b) for b in islice(batches, WORKERS))
        while under_way:
            yield under_way.popleft().result()
            under_way.extend(pool.submit(_process, lake, b) for b in islice(batches, 1))


def _process(lake: Lake, batch: list[Sealed]) -> dict[str, pl.DataFrame]:
    tables = process([_raw_file(one) for one in batch])
    try:
        for table, frame in tables.items():
            by_day = frame.partition_by("genre", "date", as_dict=True)
            for one in batch:
                day = one.genre_day
                rows = by_day.get((day.genre, day.date), frame.clear())
                write_partition(lake, table, day, rows)
    except LakeError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    return tables


def _found_nothing(intake: pl.DataFrame) -> list[tuple[str, dt.date]]:
    received = intake.group_by("genre", "date").agg(pl.col("received").sum())
    return (
        received.filter(pl.col("received") == 0)
        .select("genre", "date")
        .sort("genre", "date")
        .rows()
    )


def _report(rows: Counter[str], reasons: pl.DataFrame) -> Iterator[dg.MaterializeResult[None]]:
    for contract in PROCESSED:
        name = contract.table().partition(".")[2]
        aside = reasons.filter(pl.col("table_name") == name)
        by_reason = aside.group_by("reason").agg(pl.col("times").sum())
        listed = "\n".join(
            f"- {times} x {reason}"
            for reason, times in by_reason.sort("times", descending=True).head(10).iter_rows()
        )
        count = rows[contract.table()]
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            metadata={"dagster/partition_row_count": count},
            check_results=[contract_kept(contract, count, int(aside["times"].sum()), listed)],
        )
