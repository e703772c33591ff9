"""The contract of each table: names, types, units, keys, descriptions.

Belongs here: what a table is. Does not belong here: how it is made or where it lies.
The asset ``star/dim_artist``, the table ``star.dim_artist`` and ``schemas/star.py:DimArtist``
are the same thing; the tables of plays, of all layers, stand together in ``listening``.
"""

from spotify_assets.schemas import listening, monitoring
from spotify_assets.schemas.catalog import processed, rankings, star
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

FACTS: tuple[type[Contract], ...] = (star.DailyTracks, star.DailyArtists)
"""Facts as far as a genre-day knows them by itself."""

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
    star.FactTrackDaily.table(): star.FactTrackDaily,
    star.FactArtistDaily.table(): star.FactArtistDaily,
    **{contract.table(): contract for contract in DERIVED},
}
"""Tables that are assets, as analysts see them."""

LISTENING: tuple[type[Contract], ...] = (
    listening.Plays,
    listening.Polls,
    listening.QuarantinedPlays,
    listening.DimItem,
    listening.FactPlay,
    listening.PlayCoverage,
    listening.Imports,
    listening.PlayGaps,
)
"""Tables of the listening history; made anew together whenever a file of it changed."""

LAKE_ONLY: tuple[type[Contract], ...] = (listening.Streams,)
"""Tables that the warehouse does not hold, because others tell the same in fewer rows."""

LOGS: tuple[type[Contract], ...] = (
    monitoring.Requests,
    monitoring.Runs,
    monitoring.CheckResults,
    monitoring.Revisions,
)
"""Tables that only ever grow, by what happened; their first column numbers the rows."""

WAREHOUSE: dict[str, type[Contract]] = {
    **TABLES,
    monitoring.Partitions.table(): monitoring.Partitions,
    monitoring.GenreFolders.table(): monitoring.GenreFolders,
    monitoring.DamagedFiles.table(): monitoring.DamagedFiles,
    monitoring.Definition.table(): monitoring.Definition,
    monitoring.HistoryFiles.table(): monitoring.HistoryFiles,
    **{contract.table(): contract for contract in LISTENING},
    **{contract.table(): contract for contract in LOGS},
}
"""Tables of the DuckDB file."""

__all__ = [
    "DERIVED",
    "FACTS",
    "LAKE",
    "LAKE_ONLY",
    "LISTENING",
    "LOGS",
    "PROCESSED",
    "RANKED",
    "TABLES",
    "WAREHOUSE",
    "Column",
    "Contract",
]
