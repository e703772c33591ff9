"""The contract of each table: names, types, units, keys, descriptions.

Belongs here: what a table is. Does not belong here: how it is made or where it lies.
The asset ``star/dim_artist``, the table ``star.dim_artist`` and ``schemas/star.py:DimArtist``
are the same thing.
"""

from spotify_assets.schemas import monitoring, processed, rankings, star
from spotify_assets.schemas.contract import Column, Contract

PROCESSED: tuple[type[Contract], ...] = (
    processed.Collections,
    processed.Intake,
    processed.Artists,
    processed.Albums,
    processed.Tracks,
    processed.TrackArtists,
    processed.SearchResults,
    processed.QuarantinedRows,
)
"""Tables made from the raw responses of a genre-day."""

RANKED: tuple[type[Contract], ...] = (rankings.RankedTracks, rankings.RankedArtists)
"""Rankings as far as a genre-day knows them by itself."""

FACTS: tuple[type[Contract], ...] = (star.FactTrackDaily, star.FactArtistDaily)
"""Facts of a genre-day."""

LAKE: dict[str, type[Contract]] = {
    contract.table(): contract for contract in (*PROCESSED, *RANKED, *FACTS)
}
"""Tables that lie in the lake, a Parquet file for each genre-day."""

DERIVED: tuple[type[Contract], ...] = (
    rankings.Departures,
    star.DimDate,
    star.DimGenre,
    star.DimArtist,
    star.DimTrack,
    star.DimAlbum,
    star.BridgeTrackArtist,
)
"""Tables made from all days that are there, when the warehouse is published."""

TABLES: dict[str, type[Contract]] = {
    **LAKE,
    rankings.TopTracks.table(): rankings.TopTracks,
    rankings.TopArtists.table(): rankings.TopArtists,
    **{contract.table(): contract for contract in DERIVED},
}
"""Tables that are assets, as analysts see them."""

LOGS: tuple[type[Contract], ...] = (
    monitoring.Requests,
    monitoring.Runs,
    monitoring.CheckResults,
)
"""Tables that only ever grow, by what happened; their first column numbers the rows."""

WAREHOUSE: dict[str, type[Contract]] = {
    **TABLES,
    monitoring.Partitions.table(): monitoring.Partitions,
    monitoring.Definition.table(): monitoring.Definition,
    **{contract.table(): contract for contract in LOGS},
}
"""Tables of the DuckDB file."""

__all__ = [
    "DERIVED",
    "FACTS",
    "LAKE",
    "LOGS",
    "PROCESSED",
    "RANKED",
    "TABLES",
    "WAREHOUSE",
    "Column",
    "Contract",
]
