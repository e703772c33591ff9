"""Raw responses of the catalog → the tables of ``processed`` and ``quarantine``.

DuckDB reads the JSON (``responses.sql``) and says what is wrong with types; the contracts say what
is wrong with values. Several genre-days may be read at once: every step is per genre and date.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog import processed
from spotify_assets.transforms.catalog.pages import read_pages
from spotify_assets.transforms.catalog.shapes import CONTAINERS
from spotify_assets.transforms.contracts import Admitted, admit
from spotify_assets.transforms.version import code_version

SQL = resources.files(__package__).joinpath("responses.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class RawFile:
    """A sealed raw file and what it is."""

    path: Path
    source_file: str
    genre: str
    date: dt.date
    source: str
    market: str
    artists_wanted: int
    tracks_wanted: int


CANDIDATES: tuple[type[Contract], ...] = (
    processed.Artists,
    processed.Albums,
    processed.Tracks,
    processed.TrackArtists,
    processed.SearchResults,
)
"""Tables whose rows are objects of a response: `responses.sql` has a view for each, of its name."""


def process(files: Sequence[RawFile], *, threads: int = 1) -> dict[str, pl.DataFrame]:
    """The rows of each table of ``schemas.PROCESSED``, by ``layer.table``, for all files together.

    Args:
        files: Sealed raw files, one for each genre-day.
        threads: How many threads DuckDB may use.
    """
    with duckdb.connect(config={"threads": threads}) as connection:
        _read(connection, files)
        candidates = {
            contract: _typed(connection.table(_name(contract)).pl(), contract)
            for contract in CANDIDATES
        }
        unusable = _conform(connection.table("unusable").pl(), processed.QuarantinedRows)
        made = pl.lit(code_version()).alias("code_version")
        extracts = _conform(
            connection.table("extracts").pl().with_columns(made), processed.Extracts
        )
    credited = candidates[processed.TrackArtists]
    tracks = admit(candidates[processed.Tracks], processed.Tracks)
    # Of the mention that is kept: a further one of the track may credit others.
    mentions = tracks.kept.select("genre", "date", "source_line", owner_pointer=tracks.pointers)
    candidates[processed.TrackArtists] = credited.join(mentions, on=mentions.columns, how="semi")
    admitted = [
        tracks if contract is processed.Tracks else admit(rows, contract)
        for contract, rows in candidates.items()
    ]
    tables = {
        contract.table(): outcome.kept
        for contract, outcome in zip(candidates, admitted, strict=True)
    }
    tables[processed.Extracts.table()] = extracts
    tables[processed.QuarantinedRows.table()] = pl.concat(
        [unusable, *(outcome.quarantined for outcome in admitted)]
    )
    tables[processed.Reconciliation.table()] = _accounts(extracts, admitted)
    for contract in (processed.Extracts, processed.QuarantinedRows, processed.Reconciliation):
        contract.validate(tables[contract.table()])
    return tables


def _read(connection: duckdb.DuckDBPyConnection, files: Sequence[RawFile]) -> None:
    sources = pl.DataFrame(
        {
            "file": [str(file.path) for file in files],
            "source_file": [file.source_file for file in files],
            "genre": [file.genre for file in files],
            "date": [file.date for file in files],
            "source": [file.source for file in files],
            "market": [file.market for file in files],
            "artists_wanted": [file.artists_wanted for file in files],
            "tracks_wanted": [file.tracks_wanted for file in files],
        }
    )
    connection.register("sources", sources.to_arrow())
    containers = pl.DataFrame(
        {
            "endpoint": [c.endpoint for c in CONTAINERS],
            "kind": [c.kind for c in CONTAINERS],
            "list_pointer": ["".join(f"/{step}" for step in c.list_path) for c in CONTAINERS],
            "inner_pointer": [f"/{c.inner[0]}" if c.inner else "" for c in CONTAINERS],
        }
    )
    connection.register("containers", containers.to_arrow())
    connection.execute("SET VARIABLE files = ?", [sources["file"].to_list()])
    read_pages(connection)
    connection.execute(SQL)


def _typed(rows: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """The candidate's columns, typed as in the contract; one that no row has is null."""
    added = ("source_pointer", "owner_pointer", "problems")
    schema = {**contract.polars_schema(), **dict.fromkeys(added, pl.String())}
    columns = [
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    ]
    mentions = pl.col("mentions") if "mentions" in rows.columns else pl.lit(1).alias("mentions")
    return rows.select(*columns, mentions.cast(pl.Int64))


def _conform(rows: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    schema = contract.polars_schema()
    return rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _name(contract: type[Contract]) -> str:
    return contract.table().partition(".")[2]


def _accounts(extracts: pl.DataFrame, admitted: list[Admitted]) -> pl.DataFrame:
    """A row for each table of each genre-day, also where nothing was received."""
    names = pl.DataFrame({"table_name": [_name(contract) for contract in CANDIDATES]})
    counted = pl.concat([outcome.reconciliation for outcome in admitted])
    every = extracts.select("genre", "date").join(names, how="cross")
    accounts = every.join(
        counted, on=["genre", "date", "table_name"], how="left", maintain_order="left"
    ).fill_null(0)
    return _conform(accounts, processed.Reconciliation)
