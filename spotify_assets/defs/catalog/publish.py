"""``publish``: the DuckDB file, with the tables that depend on all days."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from duckdb import ColumnExpression, ConstantExpression, DuckDBPyConnection

from spotify_assets.defs.checks import DATABASE, asset_key, contract_check, contract_kept
from spotify_assets.defs.failures import failing
from spotify_assets.defs.listening.history import OF_PLAYS
from spotify_assets.defs.metadata.markdown import MAX_ROWS
from spotify_assets.defs.metadata.tables import Metadata, keys, of_table, preview, table_spec, uri
from spotify_assets.defs.partitions import genre_days, genre_days_of, key_of
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.lake import DamagedFile, GenreDay, Lake
from spotify_assets.lake.errors import REMAKE_DAY
from spotify_assets.schemas import COMMENTS, DERIVED, LAKE, PREDICTIONS, RELEASES, Contract
from spotify_assets.settings import Settings
from spotify_assets.transforms.expressions import inputs
from spotify_assets.warehouse.publication.partitions import is_of
from spotify_assets.warehouse.publication.publish import Published

DESCRIPTION = """`data/spotify.duckdb`: every table, in one file, open to any reader.

The end of every line: what the catalog, the listening history and the files of a label say is
asked for here, with `spotify-assets query`, a notebook (`docs/analysis.py`) or any tool that opens
DuckDB files. Questions with their SQL: `docs/answers.sql`. Each import or poll renews its tables
in it too; a partition here is a genre-day that was loaded."""
NOTE = """Made from all days that are there; a partition here is one that was loaded.
`publish` makes all that the file holds, whichever of its tables is asked for."""


def _specs() -> list[dg.AssetSpec]:
    tables = [
        table_spec(
            contract,
            [dg.AssetKey(table.split(".")) for table in inputs(contract)],
            kinds={"sql", "duckdb"},
            note=NOTE,
        )
        for contract in DERIVED
    ]
    database = dg.AssetSpec(
        DATABASE,
        deps=keys([*LAKE.values(), *DERIVED, *OF_PLAYS, *RELEASES, *PREDICTIONS, *COMMENTS]),
        description=DESCRIPTION,
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
    can_subset=True,
)
@failing
def publish_warehouse(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    settings: dg.ResourceParam[Settings],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Make the DuckDB file equal to the lake, in one step that no reader notices."""
    days = genre_days_of(context)
    published = publish_now(settings, log=context.log)
    for day in published.waiting:
        context.log.info("%s waits: a run is working on it.", day)
    yield from _report(context, warehouse, published, days[-1])
    _fail_for_own(settings.lake, days, published)


def _report(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    published: Published,
    newest: GenreDay,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Of what the run was asked for; the file has all tables, whichever that are."""
    with warehouse.get_connection() as connection:
        first_rows = {
            contract: _first_rows(connection, contract)
            for contract in DERIVED
            if asset_key(contract) in context.selected_asset_keys
        }
    for contract in DERIVED:
        rows = published.rows[contract.table()]
        is_checked = contract_check(contract).key in context.selected_asset_check_keys
        kept = [contract_kept(contract, rows)] if is_checked else []
        if contract not in first_rows:
            yield from kept
            continue
        # Of the newest alone: what Dagster stores of each partition of a range adds up.
        context.add_asset_metadata(
            {**of_table(contract), "preview": preview(first_rows[contract])},
            asset_key=asset_key(contract),
            partition_key=key_of(newest),
        )
        yield dg.MaterializeResult(
            asset_key=asset_key(contract),
            metadata={"dagster/row_count": rows, "dagster/uri": uri(published.path)},
            check_results=kept,
        )
    if DATABASE in context.selected_asset_keys:
        yield dg.MaterializeResult(asset_key=DATABASE, metadata=_of_file(published))


def _of_file(published: Published) -> Metadata:
    return {
        "dagster/uri": uri(published.path),
        "path": dg.MetadataValue.path(str(published.path)),
        "bytes": published.path.stat().st_size,
        "genre-days loaded": len(published.loaded),
        "damaged files left out": published.damaged.height,
        "rows": dg.MetadataValue.md(
            "| table | rows |\n| --- | ---: |\n"
            + "\n".join(f"| {table} | {rows} |" for table, rows in published.rows.items())
        ),
    }


def _fail_for_own(lake: Lake, days: list[GenreDay], published: Published) -> None:
    """The rest is published; but what this run was for is not in it."""
    own = published.damaged.filter(is_of(days))
    if not own.is_empty():
        file, reason = own.select("file", "reason").row(0)
        remedy = f"{REMAKE_DAY} DuckDB says: {reason}"
        raise DamagedFile(lake.root / file, "written", remedy)


def _first_rows(connection: DuckDBPyConnection, contract: type[Contract]) -> pl.DataFrame:
    """By the key; of a table that has days, those of the newest."""
    rows = connection.table(contract.table())
    if {"genre", "date"} <= set(contract.key()):
        (newest,) = rows.max("date").fetchall()[0]
        rows = rows.filter(ColumnExpression("date") == ConstantExpression(newest))
    return rows.sort(*contract.key()).limit(MAX_ROWS).pl()
