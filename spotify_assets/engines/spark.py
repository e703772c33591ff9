"""Spark, by its Connect protocol: for a lake whose rows do not fit one machine.

The expressions are those that DuckDB runs. What Spark says otherwise is put into its words when an
expression is compiled (`_in_spark`), so that no table has a second rule.

Belongs here: the session, the files of the lake as views, compiling, writing. Does not belong here:
which tables there are, and what is in them.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import ibis
import ibis.expr.operations as ops
from pyspark.errors import PySparkException
from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.connect.functions import col
from pyspark.sql.connect.session import SparkSession

from spotify_assets.lake import Lake
from spotify_assets.lake.listing import files_of
from spotify_assets.schemas import FACTS, RANKED, Contract
from spotify_assets.storage.errors import FailureKind, ProjectError
from spotify_assets.transforms.expressions import OF_ALL_DAYS, inputs
from spotify_assets.transforms.relations import MADE_BY

MADE: tuple[type[Contract], ...] = (*RANKED, *FACTS, *OF_ALL_DAYS)
"""Each table after those that it reads. The rankings come twice: of each genre-day alone, then with
what the days say of each other, which is what is written."""
CONNECTORS = {"s3://": "s3a://", "gs://": "gs://"}
"""The stores that Spark's usual connectors read, and how those name them."""


PORT = 15002
"""Spark's own, where none is said."""
PATIENCE_SECONDS = 10


class SparkError(ProjectError):
    """Spark cannot be reached, or cannot do what it was asked."""

    kind = FailureKind.RETRY


class Rebuilt(NamedTuple):
    """A table that Spark has written."""

    table: str
    """As `layer.table`."""
    rows: int
    place: str
    """The folder of its Parquet files, as Spark names it."""


def rebuild(lake: Lake, remote: str, to: str) -> Iterator[Rebuilt]:
    """Make rankings and star from the lake's processed rows, and write them as Parquet.

    Args:
        lake: A folder that Spark sees too, or a store.
        remote: The Spark Connect server, as ``sc://host:port``.
        to: Where to; each table is a folder ``<layer>/<table>`` in it, which must not be there.

    Raises:
        SparkError: It cannot be reached, or fails.
        LakeError: The lake cannot be read.
    """
    with session_at(remote) as session:
        for contract, rows in made(session, lake):
            if contract not in RANKED:
                place = f"{in_spark(to)}/{contract.table().replace('.', '/')}"
                rows.write.mode("errorifexists").parquet(place)
                yield Rebuilt(contract.table(), rows.count(), place)


@contextmanager
def session_at(remote: str) -> Iterator[SparkSession]:
    """A session of its own on a Spark Connect server.

    Raises:
        SparkError: It cannot be reached; or what the body asks of it fails.
    """
    _check_answers(remote)
    try:
        session = SparkSession.builder.remote(remote).create()
        try:
            # Else a timestamp without a time zone would be read in that of the server.
            session.conf.set("spark.sql.session.timeZone", "UTC")
            yield session
        finally:
            session.stop()
    except PySparkException as error:
        [said, *_] = str(error).splitlines() or [""]
        raise SparkError(
            f"Spark at {remote} says: {said.strip()} Nothing of the lake was changed. See that the "
            "server runs, that it is a Connect server, and that it can read the lake; delete what "
            "was written, and run again."
        ) from error


def _check_answers(remote: str) -> None:
    """Ask once: Spark's client would try for ten minutes."""
    try:
        address = urlsplit(remote)
        if address.scheme != "sc" or not address.hostname:
            raise SparkError(f"{remote!r} is no Spark Connect server: write sc://HOST:PORT.")
        asked = (address.hostname, address.port or PORT)
        with socket.create_connection(asked, timeout=PATIENCE_SECONDS):
            return
    except (OSError, ValueError) as error:
        raise SparkError(
            f"No Spark Connect server answers at {remote} ({error}). See that it runs, and that it "
            "can be reached from here."
        ) from error


def made(session: SparkSession, lake: Lake) -> Iterator[tuple[type[Contract], DataFrame]]:
    """The rows of each of `MADE`, in this order.

    Raises:
        LakeError: The lake cannot be read.
    """
    tables = {contract.table() for contract in MADE}
    for table in sorted({name for contract in MADE for name in inputs(contract)} - tables):
        _current(session, lake, table).createOrReplaceTempView(_view(table))
    ranked = {contract.table() for contract in RANKED}
    for contract in MADE:
        # Several tables are made of these, and Spark would make them again for each.
        rows = session.sql(_sql(contract)).cache()
        if contract in RANKED or contract.table() not in ranked:
            rows.createOrReplaceTempView(_view(contract.table()))
        yield contract, rows


def in_spark(place: str) -> str:
    """A place of the lake as Spark names it.

    Raises:
        SparkError: It is in a store that has no usual connector.
    """
    for ours, theirs in CONNECTORS.items():
        if place.startswith(ours):
            return theirs + place.removeprefix(ours)
    if "://" in place:
        raise SparkError(f"Spark reads no {place}: the lake must be a folder, or on S3 or GCS.")
    return place


def _current(session: SparkSession, lake: Lake, table: str) -> DataFrame:
    """The rows that are current. Grain: that of the table."""
    held = files_of(lake, table)
    places = {
        one.file: lake.uri(one.file) if lake.url else str(lake.path(one.file)) for one in held
    }
    rows = session.read.option("mergeSchema", "true").parquet(*map(in_spark, places.values()))
    # A file can hold rows of days that were made again since; its name is of one write alone.
    days = [(one.file.rpartition("/")[2], one.genre, one.date) for one in held]
    current = session.createDataFrame(days, "file STRING, genre STRING, date DATE")
    named = rows.withColumn("file", col("_metadata.file_name"))
    return named.join(current, ["file", "genre", "date"], "left_semi").drop("file")


def _view(table: str) -> str:
    return table.replace(".", "_")


def _sql(contract: type[Contract]) -> str:
    rows = MADE_BY[contract]().op().replace(_in_spark).to_expr()
    return str(ibis.to_sql(rows, dialect="pyspark"))


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def conv(digits: str, base: int, to: int) -> str:  # type: ignore[empty-body]
    """Spark's own: a number in the digits of another base."""


def _in_spark(node: Any, replaced: dict[str, Any] | None) -> Any:
    """A node of an expression as Spark can compute it; the value is the same."""
    if isinstance(node, ops.UnboundTable):
        return ops.UnboundTable(_view(f"{node.namespace.database}.{node.name}"), node.schema)
    if replaced is None:
        return node
    new = node.__recreate__(replaced)
    match new:
        case ops.ArrayCollect(order_by=(ops.SortKey(arg=key),)):
            # Its lists have no order; but it can put pairs into theirs.
            pair = ibis.struct({"place": key.to_expr(), "value": new.arg.to_expr()})
            found = pair.collect(where=new.arg.to_expr().notnull())
            return found.sort().map(lambda one: one["value"]).op()
        case ops.Cast(arg=ops.Unnest(arg=listed), to=to):
            # It unnests at the outside alone.
            return listed.to_expr().map(lambda one: one.cast(to)).unnest().op()
        case ops.Cast(arg=ops.StringConcat(arg=(ops.Literal(value="0x"), digits)), to=to):
            # It reads no number with a prefix.
            return conv(digits.to_expr(), 16, 10).cast(to).op()
    return new
