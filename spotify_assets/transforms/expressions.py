"""Which expression makes which table, and its SQL."""

from collections.abc import Callable
from functools import cache
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog import rankings, star
from spotify_assets.transforms.catalog import movement
from spotify_assets.transforms.catalog import rankings as ranking
from spotify_assets.transforms.catalog import star as schema

Expression = Callable[[], ir.Table]

OF_A_GENRE_DAY: dict[type[Contract], Expression] = {
    rankings.RankedTracks: ranking.ranked_tracks,
    rankings.RankedArtists: ranking.ranked_artists,
    star.DailyTracks: schema.fact_track_daily,
    star.DailyArtists: schema.fact_artist_daily,
}
"""Made from one genre-day, in this order; each is a partition of the lake."""

OF_ALL_DAYS: dict[type[Contract], Expression] = {
    rankings.Departures: movement.departures,
    rankings.TopTracks: movement.top_tracks,
    rankings.TopArtists: movement.top_artists,
    star.DimDate: schema.dim_date,
    star.DimGenre: schema.dim_genre,
    star.DimArtist: schema.dim_artist,
    star.DimTrack: schema.dim_track,
    star.DimAlbum: schema.dim_album,
    star.BridgeTrackArtist: schema.bridge_track_artist,
}
"""Made from all days that are there, when the warehouse is published, in this order."""


@cache
def sql(contract: type[Contract]) -> str:
    """The query of a table in DuckDB's SQL, ordered by the key; it runs in the warehouse too."""
    rows = _expression(contract)
    return str(ibis.to_sql(rows.order_by(list(contract.key())), dialect="duckdb"))


@cache
def sql_of_some(contract: type[Contract]) -> str:
    """The same query over views ``some_<layer>_<table>``, which hold some rows of each table."""
    rows = _expression(contract).op().replace(_some).to_expr()
    return str(ibis.to_sql(rows.order_by(list(contract.key())), dialect="duckdb"))


@cache
def inputs(contract: type[Contract]) -> tuple[str, ...]:
    """The tables, ``layer.table``, that the query reads."""
    tables = _expression(contract).op().find(ops.UnboundTable)
    return tuple(sorted({f"{table.namespace.database}.{table.name}" for table in tables}))


def _some(node: Any, replaced: dict[str, Any] | None) -> Any:
    if isinstance(node, ops.UnboundTable):
        return ops.UnboundTable(f"some_{node.namespace.database}_{node.name}", node.schema)
    return node.__recreate__(replaced) if replaced else node


def _expression(contract: type[Contract]) -> ir.Table:
    return {**OF_A_GENRE_DAY, **OF_ALL_DAYS}[contract]()
