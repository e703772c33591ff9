"""Hold candidate rows to their contract: what keeps it goes on, the rest is set aside."""

from dataclasses import dataclass

import polars as pl

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog.processed import QuarantinedRows
from spotify_assets.schemas.contract import ContractBroken

QUARANTINED: pl.Schema = QuarantinedRows.polars_schema()
PROVENANCE = ("genre", "date", "source_file", "source_line", "source_pointer")


@dataclass(frozen=True)
class Admitted:
    """The outcome for one table."""

    kept: pl.DataFrame
    """Rows as the contract has them, first mention of each key, in the order they came."""
    pointers: pl.Series
    """Of each kept row the ``source_pointer``."""
    quarantined: pl.DataFrame
    """Rows of `QuarantinedRows`."""
    reconciliation: pl.DataFrame
    """received = kept + duplicate + quarantined for each genre and date that has candidates."""


def admit(candidates: pl.DataFrame, contract: type[Contract]) -> Admitted:
    """Split candidates into rows that keep the contract, repetitions and quarantine.

    Args:
        candidates: The contract's columns, `PROVENANCE`, ``problems``, which holds what was wrong
            with the types or is empty, and ``mentions``, of how many objects the row speaks. Where
            a key stands twice the earlier row is kept.
        contract: The table they are meant for.
    """
    reasons = _reasons(candidates, contract)
    bad = reasons.is_not_null()
    columns = contract.polars_schema().names()
    good = candidates.filter(~bad).select(*columns, "source_pointer")
    first = good.unique(subset=list(contract.key()), keep="first", maintain_order=True)
    kept = first.select(columns)
    quarantined = _quarantine(candidates.filter(bad), reasons.filter(bad), contract)
    reconciliation = _reconciliation(candidates, kept, quarantined, contract)
    return Admitted(kept, first["source_pointer"], quarantined, reconciliation)


def _reasons(candidates: pl.DataFrame, contract: type[Contract]) -> pl.Series:
    """For each candidate every rule that it breaks, or null."""
    typed = candidates["problems"].replace("", None)
    # A value of the wrong type was read as null; the contract would only say so once more.
    readable = candidates.with_row_index().filter(typed.is_null())
    broken = _broken_rules(readable.select(contract.polars_schema().names()), contract)
    if broken.is_empty():
        return typed
    broken = broken.with_columns(pl.col("index").replace_strict(dict(enumerate(readable["index"]))))
    said = broken.group_by("index").agg(pl.col("reason").sort().str.join("; "))
    return (
        typed.to_frame("typed")
        .with_row_index()
        .join(said, on="index", how="left", maintain_order="left")
        .select(pl.coalesce("typed", "reason"))["typed"]
    )


def _broken_rules(rows: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Rows ``index, reason`` for each rule that a row breaks; keys may still stand twice."""
    try:
        contract.validate(rows)
    except ContractBroken as error:
        cases = error.failure_cases.filter(pl.col("check") != "multiple_fields_uniqueness")
        if cases["index"].null_count():
            raise
        said: pl.DataFrame = cases.select(
            pl.col("index").cast(pl.UInt32),
            pl.when(pl.col("check") == "not_nullable")
            .then(pl.format("{}: is missing", "column"))
            .otherwise(pl.format("{}: {} breaks {}", "column", "failure_case", "check"))
            .alias("reason"),
        )
        return said
    return pl.DataFrame(schema={"index": pl.UInt32, "reason": pl.String})


def _quarantine(bad: pl.DataFrame, reasons: pl.Series, contract: type[Contract]) -> pl.DataFrame:
    columns = [name for name in contract.polars_schema() if name not in PROVENANCE]
    record = (
        bad.select(pl.struct(columns).struct.json_encode()).to_series()
        if bad.height
        else pl.Series(dtype=pl.String)
    )
    return bad.select(
        "genre",
        "date",
        pl.lit(contract.table().partition(".")[2]).alias("table_name"),
        "source_file",
        "source_line",
        "source_pointer",
        reasons.alias("reason"),
        record.alias("record"),
    ).cast(QUARANTINED)


def _reconciliation(
    candidates: pl.DataFrame,
    kept: pl.DataFrame,
    quarantined: pl.DataFrame,
    contract: type[Contract],
) -> pl.DataFrame:
    grain = ["genre", "date"]
    count = pl.len().cast(pl.Int64)
    counted = (
        candidates.group_by(grain)
        .agg(pl.col("mentions").sum().alias("received"))
        .join(kept.group_by(grain).agg(count.alias("kept")), on=grain, how="left")
        .join(quarantined.group_by(grain).agg(count.alias("quarantined")), on=grain, how="left")
        .with_columns(pl.col("kept", "quarantined").fill_null(0))
    )
    return counted.select(
        *grain,
        pl.lit(contract.table().partition(".")[2]).alias("table_name"),
        "received",
        "kept",
        (pl.col("received") - pl.col("kept") - pl.col("quarantined")).alias("duplicate"),
        "quarantined",
    )
