"""A lake of genre-days that are written down in a test, without an API."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.log import Origin
from spotify_assets.lake.tables import write_days
from spotify_assets.schemas import LAKE

MONDAY = dt.date(2026, 11, 16)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "data" / "lake")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "spotify.duckdb"


def spotify_id(name: str) -> str:
    """A well-formed id that a reader of the test recognises."""
    return name.ljust(22, "0")


def write_genre_day(lake: Lake, day: GenreDay, ranking: Sequence[str]) -> None:
    """Write a genre-day of `tables_of`, all at once."""
    write_days(lake, day.genre, {day.date: tables_of(day, ranking)}, Origin())


def prepare_genre_day(lake: Lake, day: GenreDay, ranking: Sequence[str]) -> None:
    """Write it as far as a run that has not made its facts yet."""
    tables = tables_of(day, ranking)
    made = {table: tables.pop(table) for table in LAKE if table.startswith("star.")}
    write_days(lake, day.genre, {day.date: tables}, Origin(), awaits=made.keys())


def tables_of(day: GenreDay, ranking: Sequence[str]) -> dict[str, pl.DataFrame]:
    """A genre-day whose tracks are ranked in this order; each is by the artist of its name.

    A name in capitals is another one of the same track, artist and album.
    """
    here = {"genre": day.genre, "date": day.date}
    source = {"source_file": "raw/catalog/0001.jsonl.zst", "source_line": 1}
    rows: dict[str, list[dict[str, object]]] = {table: [] for table in LAKE}
    count = len(ranking)
    rows["processed.extracts"].append(
        {
            **here,
            "source": "sandbox",
            "market": "BR",
            "artists_wanted": count,
            "tracks_wanted": count,
            "artists_asked": 50,
            "tracks_asked": 50,
            "responses": 1,
            "refused_responses": 0,
            "unreadable_responses": 0,
            "is_complete": True,
            "source_file": source["source_file"],
            "code_version": "1.0",
        }
    )
    for table in ("artists", "albums", "tracks", "track_artists", "search_results"):
        kept = 2 * count if table == "search_results" else count
        account = {"received": kept, "kept": kept, "duplicate": 0, "quarantined": 0}
        rows["processed.reconciliation"].append({**here, "table_name": table, **account})
    for place, name in enumerate(ranking, start=1):
        id_ = name.lower()
        track, artist = {"track_id": spotify_id(f"t{id_}")}, {"artist_id": spotify_id(f"a{id_}")}
        popularity, position = {"popularity": 100 - place}, {"search_position": place}
        album = {"album_id": spotify_id(f"b{id_}")}
        rows["processed.artists"].append(
            {**here, **artist, "name": name, **popularity, "followers": 5, "is_full": True}
            | {"spotify_genres": [], **source}
        )
        rows["processed.albums"].append(
            {**here, **album, "name": name, "album_type": "album", "release_date": "2020"}
            | {"release_date_precision": "year", "released_from": dt.date(2020, 1, 1)}
            | {"total_tracks": 1, "artist_ids": [artist["artist_id"]], **source}
        )
        rows["processed.tracks"].append(
            {**here, **track, "name": name, **album, **popularity, "duration_ms": 1000}
            | {"is_explicit": False, "disc_number": 1, "track_number": 1, "isrc": None}
            | {"is_playable": True, **source}
        )
        rows["processed.track_artists"].append({**here, **track, "position": 1, **artist, **source})
        for kind, entity in (("track", track), ("artist", artist)):
            found = {"kind": kind, "position": place, "id": next(iter(entity.values()))}
            rows["processed.search_results"].append({**here, **found, **source})
        score = {"score": popularity["popularity"], "basis": "popularity", **position}
        ranked = {**here, "rank": place, "name": name, **score}
        rows["rankings.top_tracks"].append({**ranked, **track, "artist_names": [name]})
        rows["rankings.top_artists"].append({**ranked, **artist})
        measures = {**popularity, **position, "rank": place}
        rows["star.fact_track_daily"].append({**here, **track, **measures})
        rows["star.fact_artist_daily"].append({**here, **artist, **measures, "followers": 5})
    frames = {
        table: pl.DataFrame(rows[table], schema=contract.polars_schema())
        for table, contract in LAKE.items()
    }
    for table, contract in LAKE.items():
        contract.validate(frames[table])
    return frames
