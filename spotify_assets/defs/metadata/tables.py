"""What the UI shows of a table and of its materializations.

Belongs here: specs of tables, and metadata made from contracts, queries and rows.
Does not belong here: what all assets have alike (`labels`), and how rows and plots are written
(`markdown`, `plot`).
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from spotify_assets.defs.checks import asset_key
from spotify_assets.defs.compiled import compiled
from spotify_assets.defs.metadata import markdown
from spotify_assets.defs.metadata.source import source
from spotify_assets.defs.partitions import genre_days, key_of
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.tables import held_file, read_file
from spotify_assets.schemas import Contract
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS

ONE_READING = "One reading makes this table and the others of its step: they are made together."
"""What a table says where Dagster asks to confirm that others come along."""
Metadata = Mapping[str, Any]
"""By its label, what Dagster takes for metadata: a text, a number, a `dg.MetadataValue`."""

MAX_DESCRIBED_APART = 31
"""Genre-days of a run up to which each has metadata of its own: a month.

At each call Dagster lists all partitions of the run: for all tables of 31 genre-days it takes about
1 s, for 300 about 25 s. Of a longer run the newest genre-day alone is described.
"""


def table_spec(
    contract: type[Contract],
    deps: Iterable[dg.AssetKey],
    *,
    kinds: set[str],
    note: str = "",
    partitions_def: dg.PartitionsDefinition[str] | None = genre_days,
) -> dg.AssetSpec:
    """The asset of a table."""
    layer, _, _ = contract.table().partition(".")
    return dg.AssetSpec(
        asset_key(contract),
        deps=list(deps),
        description=f"{contract.description()}\n\nGrain: {contract.grain()}. {note}".strip(),
        group_name=layer,
        kinds=kinds,
        partitions_def=partitions_def,
        metadata={**_of_contract(contract), **_expression(contract)},
    )


def of_table(contract: type[Contract]) -> dict[str, Any]:
    """What each materialization of a table shows: columns, and whose columns they are made of."""
    if contract not in OF_A_GENRE_DAY and contract not in OF_ALL_DAYS:
        return _of_contract(contract)
    return {
        **_of_contract(contract),
        "dagster/column_lineage": _column_lineage(contract),
        # The open-source UI shows what Dagster calls lineage as JSON only.
        "column lineage": dg.MetadataValue.md(markdown.lineage(compiled(contract).origins)),
    }


def preview(rows: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """The first rows."""
    return dg.MetadataValue.md(markdown.table(rows))


def uri(file: Path) -> str:
    """Where a file lies."""
    return file.absolute().as_uri()


def described(days: Collection[GenreDay]) -> list[GenreDay]:
    """Which genre-days of a run have metadata of their own."""
    return [max(days)] if len(days) > MAX_DESCRIBED_APART else sorted(days)


def describe(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    of_each: Mapping[GenreDay, Metadata],
    of_newest: Metadata,
) -> None:
    """Say of the partitions of a run what each materialization shows.

    Args:
        context: Of the step that materializes ``key``.
        key: The asset.
        of_each: For each partition of the run, what it shows.
        of_newest: What the newest shows besides.
    """
    newest = max(of_each)
    for day in described(of_each):
        context.add_asset_metadata(
            {**of_each[day], **(of_newest if day == newest else {})},
            asset_key=key,
            partition_key=key_of(day),
        )


def describe_table(
    context: dg.AssetExecutionContext,
    lake: Lake,
    contract: type[Contract],
    rows: Mapping[GenreDay, int],
    of_newest: Metadata | None = None,
) -> None:
    """The same for a table of the lake: its rows, their number and file; all else of the newest.

    Args:
        context: Of the step that materializes the table.
        lake: Holds the partitions already.
        contract: The table.
        rows: For each partition of the run, how many rows it has.
        of_newest: What the newest shows besides.
    """
    table = contract.table()
    of_each = {
        day: {
            "dagster/partition_row_count": rows[day],
            "dagster/uri": lake.uri(file.key),
            "preview": preview(read_file(lake, file, day.date)),
        }
        for day in described(rows)
        if (file := held_file(lake, table, day, prepared=True))
    }
    shown = {**of_table(contract), **(of_newest or {})}
    describe(context, asset_key(contract), of_each, shown)


def rows_by_day(rows: pl.DataFrame) -> dict[GenreDay, int]:
    """How many rows each genre-day has that has any."""
    counted = rows.group_by("genre", "date").len()
    return {GenreDay(genre, date): number for genre, date, number in counted.iter_rows()}


def keys(contracts: Iterable[type[Contract]]) -> list[dg.AssetKey]:
    """Their asset keys."""
    return [asset_key(contract) for contract in contracts]


def _expression(contract: type[Contract]) -> dict[str, dg.MarkdownMetadataValue]:
    """How the table is made; the same for all partitions, so that the asset itself shows it."""
    expression = {**OF_A_GENRE_DAY, **OF_ALL_DAYS}.get(contract)
    if expression is None:
        return {}
    return {"expression": dg.MetadataValue.md(markdown.block(source(expression), "python"))}


def _of_contract(contract: type[Contract]) -> dict[str, Any]:
    return {
        "dagster/column_schema": column_schema(contract),
        "dagster/table_name": contract.table(),
    }


@cache
def column_schema(contract: type[Contract]) -> dg.TableSchema:
    """The contract's columns as Dagster shows them."""
    key = contract.key()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.dtype),
                column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=key == (column.name,),
                    other=[column.rule] if column.rule else None,
                ),
            )
            for column in contract.columns()
        ],
        constraints=dg.TableConstraints(other=[f"key ({', '.join(key)})"]),
    )


def _column_lineage(contract: type[Contract]) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(dg.AssetKey(table.split(".")), name) for table, name in from_
            ]
            for column, from_ in compiled(contract).origins.items()
        }
    )
