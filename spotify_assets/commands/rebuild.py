"""``rebuild``: rankings and star made by another engine, as Parquet beside the lake."""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import show_table


class Engine(StrEnum):
    """What makes the tables."""

    SPARK = "spark"


def rebuild(
    engine: Annotated[Engine, typer.Option("--engine", help="What makes the tables.")],
    remote: Annotated[
        str, typer.Option("--remote", help="The Spark Connect server: sc://HOST:PORT.")
    ],
    to: Annotated[
        str | None,
        typer.Option("--to", help="Where to; else a new folder of `engines/spark` in the lake."),
    ] = None,
) -> None:
    """Make rankings and star by another engine: for a lake that does not fit one machine.

    They are written as Parquet. The rules are those of the warehouse, and so are the rows; the
    facts are as in the lake, without the keys of dimensions. Spark reads the lake itself, so it
    must be on a store, or in a folder that Spark sees too. It pays only where the rows do not fit
    one machine (docs/scale.md).
    """
    try:
        from spotify_assets.engines import spark  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        stop(f"{missing.name} is not there: pip install 'spotify-assets[{engine}]'.", USAGE)
        return
    settings = settings_or_stop(secrets=False)
    lake = settings.lake
    now = dt.datetime.now(dt.UTC)
    place = to or f"{lake.url or lake.root.resolve()}/engines/spark/{now:%Y%m%dT%H%M%SZ}"
    rows = []
    for one in spark.rebuild(lake, remote, place):
        typer.echo(f"{one.table}: {one.rows:,} rows", err=True)
        rows.append(one)
    show_table("", list(spark.Rebuilt._fields), rows)
