"""Tables in memory that a test fills by hand, and the queries over them."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Self

import duckdb
import polars as pl

from spotify_assets.schemas import DERIVED, LAKE, TABLES, Contract
from spotify_assets.schemas.catalog import processed, rankings
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS, inputs, sql
from spotify_assets.warehouse.tables import create, quoted
from spotify_assets_tests.transforms.music import spotify_id

FIRST_DAY = dt.date(2026, 11, 16)
GENRE = "forró"
SOURCE = {"source_file": "raw/catalog/0001.jsonl.zst", "source_line": 1}
DEFAULTS: dict[type[Contract], dict[str, Any]] = {
    processed.Extracts: {
        "source": "sandbox",
        "market": "BR",
        "artists_wanted": 100,
        "tracks_wanted": 100,
        "artists_asked": 100,
        "tracks_asked": 100,
        "responses": 1,
        "refused_responses": 0,
        "unreadable_responses": 0,
        "is_complete": True,
        "source_file": SOURCE["source_file"],
        "code_version": "1.0",
    },
    processed.Artists: {
        "name": "Somebody",
        "popularity": None,
        "followers": None,
        "spotify_genres": None,
        "is_full": True,
        **SOURCE,
    },
    processed.Albums: {
        "name": "An album",
        "album_type": "album",
        "release_date": "2020",
        "release_date_precision": "year",
        "released_from": dt.date(2020, 1, 1),
        "total_tracks": 1,
        "artist_ids": None,
        **SOURCE,
    },
    processed.Tracks: {
        "name": "A track",
        "album_id": None,
        "popularity": None,
        "duration_ms": 1000,
        "is_explicit": None,
        "disc_number": None,
        "track_number": None,
        "isrc": None,
        "is_playable": None,
        **SOURCE,
    },
    processed.TrackArtists: {"position": 1, **SOURCE},
    processed.SearchResults: {**SOURCE},
    rankings.RankedTracks: {"name": "A track", "artist_names": []},
    rankings.RankedArtists: {"name": "Somebody"},
}
"""What a row has where the test says nothing of it."""


def day(number: int) -> dt.date:
    """Days are numbered from 1, and some tests leave some out."""
    return FIRST_DAY + dt.timedelta(days=number - 1)


def day_number(date: dt.date | None) -> int | None:
    return None if date is None else (date - FIRST_DAY).days + 1


class SmallWarehouse:
    """The tables of the lake, empty at first, in a DuckDB in memory."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        create(self.connection, [*LAKE.values(), *DERIVED])

    def emptied(self) -> Self:
        """Without the rows: making the tables takes longer than most queries."""
        for contract in LAKE.values():
            self.connection.execute(f"TRUNCATE {quoted(contract)}")
        return self

    def add(self, contract: type[Contract], on: int, genre: str = GENRE, **values: object) -> None:
        """A row of a day; what is not said is as in `DEFAULTS`."""
        row = {"genre": genre, "date": day(on), **DEFAULTS[contract], **values}
        names = contract.polars_schema().names()
        marks = ", ".join("?" * len(names))
        self.connection.execute(
            f"INSERT INTO {quoted(contract)} VALUES ({marks})", [row[name] for name in names]
        )

    def collected(self, on: int, genre: str = GENRE, **values: object) -> None:
        self.add(processed.Extracts, on, genre, **values)

    def track(self, number: int, on: int, genre: str = GENRE, **values: object) -> None:
        self.add(processed.Tracks, on, genre, track_id=spotify_id("t", number), **values)

    def artist(self, number: int, on: int, genre: str = GENRE, **values: object) -> None:
        self.add(processed.Artists, on, genre, artist_id=spotify_id("a", number), **values)

    def album(self, number: int, on: int, genre: str = GENRE, **values: object) -> None:
        self.add(processed.Albums, on, genre, album_id=spotify_id("b", number), **values)

    def credit(
        self, track: int, artist: int, on: int, genre: str = GENRE, **values: object
    ) -> None:
        ids = {"track_id": spotify_id("t", track), "artist_id": spotify_id("a", artist)}
        self.add(processed.TrackArtists, on, genre, **ids, **values)

    def hit(self, kind: str, number: int, position: int, on: int, genre: str = GENRE) -> None:
        """The search showed it at that position."""
        this = {"kind": kind, "position": position, "id": spotify_id(kind[0], number)}
        self.add(processed.SearchResults, on, genre, **this)

    def ranked(
        self, kind: str, number: int, rank: int, on: int, genre: str = GENRE, **values: object
    ) -> None:
        """It has that rank, and that position unless one is given."""
        contract = {"track": rankings.RankedTracks, "artist": rankings.RankedArtists}[kind]
        row: dict[str, object] = {"basis": "popularity", "score": 50, "search_position": rank}
        self.add(
            contract,
            on,
            genre,
            **{f"{kind}_id": spotify_id(kind[0], number), "rank": rank, **row, **values},
        )

    def query(self, contract: type[Contract]) -> pl.DataFrame:
        """The rows that the query of a table gives, held to its contract."""
        for name in inputs(contract):
            if name not in LAKE:
                self.connection.execute(f"TRUNCATE {name}")
                self.make(TABLES[name])
        rows = self.connection.sql(sql(contract)).pl()
        if contract in OF_ALL_DAYS:
            # DuckDB's own types may be wider; publishing inserts them into the table's.
            rows = rows.cast(contract.polars_schema())
        contract.validate(rows)
        assert not rows.select(contract.key()).is_duplicated().any(), contract
        return rows

    def rows(self, contract: type[Contract], *columns: str) -> list[tuple[Any, ...]]:
        return self.query(contract).select(columns).rows()

    def make(self, *contracts: type[Contract]) -> None:
        """Store what the queries of genre-days give, so that others can read it."""
        for contract in contracts or OF_A_GENRE_DAY:
            rows = self.query(contract)
            self.connection.register("rows", rows.to_arrow())
            self.connection.execute(f"INSERT INTO {quoted(contract)} BY NAME FROM rows")
            self.connection.unregister("rows")


def numbers(ids: Iterable[str]) -> list[int]:
    """The numbers that `spotify_id` made ids of."""
    return [int(this[1:]) for this in ids]
