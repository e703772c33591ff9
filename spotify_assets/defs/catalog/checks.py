"""What must hold across the partitions and tables of the catalog, in the published file.

Belongs here: asset checks that read the warehouse. Does not belong here: the contract of a table
(``defs.checks``).
"""

from collections.abc import Iterator

import dagster as dg

from spotify_assets.defs.checks import DATABASE, asset_key
from spotify_assets.defs.failures import failing
from spotify_assets.defs.metadata import markdown
from spotify_assets.defs.partitions import genre_days_to_check
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.schemas import DERIVED, FACTS, TABLES, Contract
from spotify_assets.warehouse.publication.integrity import (
    everything,
    integrity,
    of_days,
    unreconciled,
)

INTEGRITY = "integrity"
# The key of every other table holds genre and date, so that it is unique over all partitions if it
# is in each, which the contract says.
STAR = tuple(TABLES[contract.table()] for contract in (*FACTS, *DERIVED))
RECONCILES = dg.AssetCheckSpec(
    "reconciles",
    asset=DATABASE,
    description="Received = kept + duplicate + quarantined, and kept = rows = facts, everywhere.",
)


def integrity_check(contract: type[Contract]) -> dg.AssetCheckSpec:
    """Keys unique over all partitions, references found: as it was when it was published."""
    rules = [f"key ({', '.join(contract.key())}) is unique"]
    rules += [f"({', '.join(c)}) is in {t}" for c, t in contract.references().items()]
    return dg.AssetCheckSpec(
        INTEGRITY,
        asset=asset_key(contract),
        additional_deps=[DATABASE],
        description="; ".join(rules),
    )


@dg.multi_asset_check(
    name="published",
    specs=[*(integrity_check(contract) for contract in STAR), RECONCILES],
    # A backfill runs what has partitions apart from the rest, and the UI any asset alone.
    can_subset=True,
)
@failing
def published(
    context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.AssetCheckResult]:
    """What must hold across partitions and tables, in the file that analysts open."""
    selected = context.selected_asset_check_keys
    contracts = [one for one in STAR if integrity_check(one).key in selected]
    # A run answers for what it made; where it made nothing, for all.
    days = genre_days_to_check(context.run.tags, context.instance) or None
    with warehouse.get_connection() as connection:
        scope = of_days(connection, days) if days else everything
        findings = integrity(connection, contracts, scope)
        wrong = unreconciled(connection, days)
    for contract in contracts:
        found = [finding for finding in findings if finding.table == contract.table()]
        yield dg.AssetCheckResult(
            passed=not any(finding.broken for finding in found),
            asset_key=asset_key(contract),
            check_name=INTEGRITY,
            metadata={finding.rule: finding.broken for finding in found},
        )
    if RECONCILES.key in selected:
        yield dg.AssetCheckResult(
            passed=wrong.is_empty(),
            asset_key=RECONCILES.asset_key,
            check_name=RECONCILES.name,
            metadata={
                "unreconciled": len(wrong),
                "first": dg.MetadataValue.md(markdown.block(str(wrong.head()))),
            },
        )
