"""``publish``: the DuckDB file, with the tables that depend on all days."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from duckdb import ColumnExpression, ConstantExpression, DuckDBPyConnection

from spotify_assets.defs.assets.markdown import MOST_ROWS
from spotify_assets.defs.assets.metadata import keys, of_table, preview, table_spec, uri
from spotify_assets.defs.checks import DATABASE, asset_key, contract_check, contract_kept
from spotify_assets.defs.partitions import genre_days, genre_days_of, key_of
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.lake import DamagedFile, GenreDay, LakeError
from spotify_assets.lake.errors import REMAKE_DAY
from spotify_assets.schemas import DERIVED, LAKE, Contract
from spotify_assets.settings import Settings
from spotify_assets.spotify.ledger import LedgerError
from spotify_assets.transforms.expressions import inputs
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.partitions import is_of
from spotify_assets.warehouse.publish import Published


def _specs() -> list[dg.AssetSpec]:
    tables = [
        table_spec(
            contract,
            [dg.AssetKey(table.split(".")) for table in inputs(contract)],
            kinds={"sql", "duckdb"},
            note="Made from all days that are there; a partition here is one that was taken in.",
        )
        for contract in DERIVED
    ]
    database = dg.AssetSpec(
        DATABASE,
        deps=keys([*LAKE.values(), *DERIVED]),
        description="`data/spotify.duckdb`: every table, in one file, open to any reader.",
        group_name="publish",
        kinds={"duckdb"},
        # Of genre-days, so that a backfill publishes in the run that makes them, before the checks.
        partitions_def=genre_days,
    )
    return [*tables, database]


@dg.multi_asset(
    name="publish",
    specs=_specs(),
    check_specs=[contract_check(contract) for contract in DERIVED],
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="warehouse",
)
def publish_warehouse(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Make the DuckDB file equal to the lake, in one step that no reader notices."""
    days = genre_days_of(context)
    try:
        published = publish_now(Settings(), log=context.log)
    except (LakeError, LedgerError, WarehouseError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    for day in published.waiting:
        context.log.info("%s waits: a run is working on it.", day)
    with warehouse.get_connection() as connection:
        previews = {one: preview(_first_rows(connection, one)) for one in DERIVED}
    for contract in DERIVED:
        rows = published.rows[contract.table()]
        # Of the newest alone: what Dagster stores of each partition of a range adds up.
        context.add_asset_metadata(
            {**of_table(contract), "preview": previews[contract]},
            asset_key=asset_key(contract),
            partition_key=key_of(days[-1]),
        )
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            metadata={
                "dagster/row_count": rows,
                "dagster/uri": uri(published.path),
            },
            check_results=[contract_kept(contract, rows)],
        )
    yield dg.MaterializeResult(
        asset_key=DATABASE,
        metadata={
            "dagster/uri": uri(published.path),
            "path": dg.MetadataValue.path(str(published.path)),
            "bytes": published.path.stat().st_size,
            "genre-days taken in": len(published.loaded),
            "damaged files left out": published.damaged.height,
            "rows": dg.MetadataValue.md(
                "| table | rows |\n| --- | ---: |\n"
                + "\n".join(f"| {table} | {rows} |" for table, rows in published.rows.items())
            ),
        },
    )
    _fail_for_own(days, published)


def _fail_for_own(days: list[GenreDay], published: Published) -> None:
    """The rest is published; but what this run was for is not in it."""
    own = published.damaged.filter(is_of(days))
    if not own.is_empty():
        file, reason = own.select("file", "reason").row(0)
        damaged = DamagedFile(Settings().lake.root / file, "written", REMAKE_DAY)
        raise dg.Failure(f"{damaged} DuckDB says: {reason}", allow_retries=False)


def _first_rows(connection: DuckDBPyConnection, contract: type[Contract]) -> pl.DataFrame:
    """By the key; of a table that has days, those of the newest."""
    rows = connection.table(contract.table())
    if {"genre", "date"} <= set(contract.key()):
        (newest,) = rows.max("date").fetchall()[0]
        rows = rows.filter(ColumnExpression("date") == ConstantExpression(newest))
    return rows.sort(*contract.key()).limit(MOST_ROWS).pl()
