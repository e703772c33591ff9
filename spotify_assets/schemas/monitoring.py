"""Contracts of ``monitoring``: what the warehouse knows of itself."""

import pandera.polars as pa
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


class Requests(
    Contract,
    table="monitoring.requests",
    grain="one call to the API, or to its accounts host",
    key=("request_id",),
):
    """Every call that was ever sent, with what became of it: the request ledger.

    A call without `http_status` and without `failure` is one whose process died before its answer.
    """

    request_id: pl.Int64 = c.count("Number of the call; it grows with time.")
    requested_at: c.Moment = c.moment("When it was sent")
    app: str = c.text("Hash of the client id and the API's address.")
    source: str = c.one_of(["spotify", "sandbox"], "Which API was asked.")
    run_id: str = c.text("Dagster run that sent it.", nullable=True)
    genre: str = c.text("Genre that it was sent for.", nullable=True)
    date: pl.Date = pa.Field(nullable=True, description="Day (UTC) that it was sent for.")
    endpoint: str = c.text("Family of endpoints, e.g. `search`; `token` is the accounts host.")
    path: str = c.text("Path below the API's address.")
    params: str = c.text("Parameters, as JSON.")
    attempt: pl.Int64 = c.position("Which attempt of the same request it was, from 1.")
    http_status: pl.Int64 = c.count("HTTP status; null where no answer came.", nullable=True)
    failure: str = c.text("Why no answer came, e.g. `ReadTimeout`.", nullable=True)
    rows: pl.Int64 = c.count("Objects that the answer lists.", nullable=True)
    bytes: pl.Int64 = c.count("Size of the answer's body in bytes.", nullable=True)
    elapsed_ms: pl.Int64 = c.count("From sending to the answer, in ms.", nullable=True)
    waited_ms: pl.Int64 = c.count("How long it waited for the limits before, in ms.")
    retry_after_s: pl.Int64 = c.count("Seconds that the API asked to wait (429).", nullable=True)


class Definition(
    Contract,
    table="monitoring.definition",
    grain="the file as a whole: one row",
    key=("hash",),
):
    """By which contracts and queries the tables were made; others make the file anew."""

    hash: str = c.text("SHA-256 of all contracts and queries.")
