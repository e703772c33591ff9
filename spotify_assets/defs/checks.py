"""Asset checks: the contract of a table.

It is checked before its rows are written, so a broken one is never stored; its outcome is reported
by the asset itself. What needs the published tables is checked by each domain.
"""

import dagster as dg
import polars as pl

from spotify_assets.defs.metadata import markdown
from spotify_assets.schemas import Contract
from spotify_assets.schemas.contract import ContractBroken

CONTRACT = "contract"
DATABASE = dg.AssetKey(["publish", "spotify_duckdb"])


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
