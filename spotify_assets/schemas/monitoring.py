"""Contracts of ``monitoring``: what the warehouse knows of itself."""

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract


class Partitions(
    Contract,
    table="monitoring.partitions",
    grain="one partition of a table of the lake, as it was loaded",
    key=("table_name", "genre", "date"),
):
    """Which file of the lake each partition was loaded from; what differs is loaded anew."""

    table_name: str = c.text("Table, as `layer.table`.")
    genre: str = c.genre()
    date: pl.Date = c.date()
    file: str = c.text("Parquet file, relative to the lake.")
    bytes: pl.Int64 = c.count("Size of the file in bytes.")
    modified_ns: pl.Int64 = c.count("When the file was written, in ns since 1970 (UTC).")


class Definition(
    Contract,
    table="monitoring.definition",
    grain="the file as a whole: one row",
    key=("hash",),
):
    """By which contracts and queries the tables were made; others make the file anew."""

    hash: str = c.text("SHA-256 of all contracts and queries.")
