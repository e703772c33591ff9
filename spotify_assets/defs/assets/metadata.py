"""What the UI shows of a table and of its materializations, made from the contract."""

from collections.abc import Iterable

import dagster as dg

from spotify_assets.defs.checks import asset_key
from spotify_assets.defs.partitions import genre_days
from spotify_assets.schemas import Contract


def table_spec(
    contract: type[Contract], deps: Iterable[dg.AssetKey], *, kinds: set[str], note: str = ""
) -> dg.AssetSpec:
    """The asset of a table."""
    layer, _, _ = contract.table().partition(".")
    return dg.AssetSpec(
        asset_key(contract),
        deps=list(deps),
        description=f"{contract.description()}\n\nGrain: {contract.grain()}. {note}".strip(),
        group_name=layer,
        kinds=kinds,
        partitions_def=genre_days,
        metadata={
            "dagster/column_schema": column_schema(contract),
            "dagster/table_name": contract.table(),
        },
    )


def column_schema(contract: type[Contract]) -> dg.TableSchema:
    """The contract's columns as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.dtype),
                column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable, other=[column.rule] if column.rule else None
                ),
            )
            for column in contract.columns()
        ],
        constraints=dg.TableConstraints(other=[f"key ({', '.join(contract.key())})"]),
    )


def keys(contracts: Iterable[type[Contract]]) -> list[dg.AssetKey]:
    """Their asset keys."""
    return [asset_key(contract) for contract in contracts]
