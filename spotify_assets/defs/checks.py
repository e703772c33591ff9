"""Asset checks.

The contract of a table is checked before its rows are written, so a broken one is never stored; its
outcome is reported by the asset itself. What needs the published tables is checked here.
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from spotify_assets.defs.metadata import markdown
from spotify_assets.defs.partitions import genre_days_to_check
from spotify_assets.defs.resources import WarehouseResource
from spotify_assets.schemas import DERIVED, FACTS, TABLES, Contract
from spotify_assets.schemas.contract import ContractBroken
from spotify_assets.warehouse.publication.integrity import (
    everything,
    integrity,
    of_days,
    unreconciled,
)

CONTRACT = "contract"
INTEGRITY = "integrity"
DATABASE = dg.AssetKey(["publish", "spotify_duckdb"])
# The key of every other table holds genre and date, so that it is unique over all partitions if it
# is in each, which the contract says.
STAR = tuple(TABLES[contract.table()] for contract in (*FACTS, *DERIVED))
RECONCILES = dg.AssetCheckSpec(
    "reconciles",
    asset=DATABASE,
    description="Received = kept + repeated + quarantined, and kept = rows = facts, everywhere.",
)


def asset_key(contract: type[Contract]) -> dg.AssetKey:
    """``layer.table`` → ``layer/table``."""
    return dg.AssetKey(contract.table().split("."))


def contract_check(contract: type[Contract]) -> dg.AssetCheckSpec:
    """Types, ranges, keys; blocks what is downstream."""
    return dg.AssetCheckSpec(
        CONTRACT,
        asset=asset_key(contract),
        blocking=True,
        description="\n".join(
            f"- `{column.name}`: {column.rule or column.dtype}"
            f"{'' if column.nullable else ', not null'}"
            for column in contract.columns()
        ),
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


def contract_kept(
    contract: type[Contract],
    rows: int,
    quarantined: int = 0,
    reasons: str = "",
    *,
    genre_days: int | None = None,
) -> dg.AssetCheckResult:
    """All rows that are stored keep the contract; the rest is in quarantine.

    Args:
        contract: Of the table.
        rows: How many are stored.
        quarantined: How many are not.
        reasons: Why, as Markdown.
        genre_days: Of so many all of them are. The plot of the check shows what is usual of one,
            so that a run over a week does not look like a jump.
    """
    said = f"{rows} rows keep the contract, {quarantined} are in quarantine"
    metadata: dict[str, dg.MetadataValue]
    if genre_days is None:
        metadata = {
            "rows": dg.MetadataValue.int(rows),
            "quarantined": dg.MetadataValue.int(quarantined),
        }
    else:
        said += f", of {genre_days} genre-day{'' if genre_days == 1 else 's'}"
        metadata = {
            "rows a genre-day": dg.MetadataValue.float(rows / genre_days),
            "quarantined a genre-day": dg.MetadataValue.float(quarantined / genre_days),
        }
    if reasons:
        metadata["reasons"] = dg.MetadataValue.md(reasons)
    return dg.AssetCheckResult(
        passed=True,
        asset_key=asset_key(contract),
        check_name=CONTRACT,
        description=f"{said}.",
        metadata=metadata,
    )


def contract_broken(contract: type[Contract], error: ContractBroken) -> dg.AssetCheckResult:
    """Computed rows that break their contract are an error of the code: nothing is stored."""
    cases = error.failure_cases
    shown = cases.head(20).select(pl.all().cast(pl.String)) if len(cases) else cases
    return dg.AssetCheckResult(
        passed=False,
        asset_key=asset_key(contract),
        check_name=CONTRACT,
        metadata={"failures": dg.MetadataValue.md(markdown.block(str(shown)))},
    )


@dg.multi_asset_check(
    name="published",
    specs=[*(integrity_check(contract) for contract in STAR), RECONCILES],
    # A backfill runs what has partitions apart from the rest, and the UI any asset alone.
    can_subset=True,
)
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
