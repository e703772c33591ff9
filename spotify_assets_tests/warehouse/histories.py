"""Small listening histories that are written down in a test, in the tables of the warehouse."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from spotify_assets.schemas import Contract
from spotify_assets.schemas.catalog.processed import Extracts
from spotify_assets.schemas.catalog.rankings import TopArtists, TopTracks
from spotify_assets.schemas.catalog.star import (
    DimAlbum,
    DimArtist,
    DimTrack,
    FactArtistDaily,
    FactTrackDaily,
)
from spotify_assets.schemas.listening import DimItem, FactPlay, PlayCoverage, PlayGaps, Plays
from spotify_assets.warehouse.macros import create_macros
from spotify_assets.warehouse.tables import create

TABLES: tuple[type[Contract], ...] = (
    *(DimItem, FactPlay, PlayCoverage, PlayGaps, Plays),
    # What other answers ask.
    *(Extracts, DimAlbum, DimArtist, DimTrack, TopTracks, TopArtists),
    *(FactTrackDaily, FactArtistDaily),
)
PAUSE = dt.timedelta(minutes=30)
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Play:
    """A play, by what matters to the answers; ``at`` is its end, in UTC."""

    at: dt.datetime
    name: str = "Song"
    artist: str | None = "Band"
    album: str | None = "Record"
    kind: str = "music"
    item: str = ""
    """Else one for each name and artist."""
    isrc: str | None = None
    ms_played: int | None = 3 * MINUTE_MS
    duration_ms: int | None = 4 * MINUTE_MS
    is_skipped: bool | None = None
    reason_end: str | None = "trackdone"
    is_incognito: bool | None = False
    platform: str | None = None
    country: str | None = None
    is_shuffle: bool | None = None
    is_offline: bool | None = None
    track_id: str | None = None
    source: str = "extended"

    @property
    def uri(self) -> str:
        return self.item or f"name:{self.artist}:{self.name}"

    @property
    def began_at(self) -> dt.datetime:
        """Of unknown length, it is a moment."""
        return self.at - dt.timedelta(milliseconds=self.ms_played or 0)

    @property
    def recording(self) -> str:
        return self.isrc or self.uri

    @property
    def counts(self) -> bool:
        whole = self.ms_played is None or self.ms_played >= 30_000
        return self.kind == "music" and not self.is_incognito and whole


def moment(text: str) -> dt.datetime:
    """`2024-01-05 20:00` or with seconds; in UTC, without a zone, as the warehouse has it."""
    return dt.datetime.fromisoformat(text)


def date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def played(*ends: str, **facts: Any) -> list[Play]:
    """Plays of the same thing that end at these times."""
    return [Play(moment(end), **facts) for end in ends]


def empty_warehouse(time_zone: str = "UTC") -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    create(connection, TABLES)
    create_macros(connection, time_zone)
    return connection


def live_in(connection: duckdb.DuckDBPyConnection, time_zone: str) -> None:
    """Let the listener live there."""
    if connection.execute("SELECT listening.time_zone()").fetchone() != (time_zone,):
        create_macros(connection, time_zone)


def tell(
    connection: duckdb.DuckDBPyConnection,
    plays: Iterable[Play],
    coverage: Mapping[dt.date, str] | None = None,
) -> None:
    """Make the history be these plays; its days in UTC are complete, but for those of ``coverage``.

    A day of ``coverage`` that lies before or after all plays is known too.
    """
    told = sorted(plays, key=lambda play: play.at)
    for table in TABLES:
        connection.execute(f"TRUNCATE {table.table()}")
    _insert(connection, DimItem, [_item(play) for play in {p.uri: p for p in told}.values()])
    _insert(connection, FactPlay, _facts(told))
    _insert(connection, PlayCoverage, _days(told, coverage or {}))


def rows(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, Any]]:
    """The rows of a query, each by its columns."""
    result = connection.execute(sql, list(values))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def column(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> list[Any]:
    """One column of an answer."""
    return [row[name] for row in rows(connection, f"FROM {source}")]


def _insert(
    connection: duckdb.DuckDBPyConnection, table: type[Contract], told: list[dict[str, Any]]
) -> None:
    frame = pl.DataFrame(told, schema=table.polars_schema(), orient="row")
    table.validate(frame)
    connection.register("told", frame.to_arrow())
    connection.execute(f"INSERT INTO {table.table()} BY NAME FROM told")
    connection.unregister("told")


def _item_key(uri: str) -> int:
    return int.from_bytes(hashlib.sha256(uri.encode()).digest()[:7])


def _item(play: Play) -> dict[str, Any]:
    return {
        "item_key": _item_key(play.uri),
        "item": play.uri,
        "kind": play.kind,
        "recording": play.recording,
        "name": play.name,
        "artist_name": play.artist,
        "album_name": play.album,
        "isrc": play.isrc,
        "track_id": play.track_id,
        "duration_ms": play.duration_ms,
        "known_from": "export",
    }


def _facts(told: list[Play]) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = []
    session = 0
    heard: dict[str, dt.datetime] = {}
    for line, play in enumerate(told, start=1):
        session += line == 1 or play.began_at - told[line - 2].at > PAUSE
        is_first = play.counts and play.recording not in heard
        if is_first:
            heard[play.recording] = play.at
        facts.append(
            {
                "ended_at": play.at,
                "item_key": _item_key(play.uri),
                "kind": play.kind,
                "ms_played": play.ms_played,
                "ms_heard": play.ms_played if play.ms_played is not None else play.duration_ms or 0,
                "source": play.source,
                "confidence": "second",
                "is_in_account": False,
                "is_in_api": play.source == "api",
                "reason_end": play.reason_end,
                "is_skipped": play.is_skipped,
                "is_incognito": play.is_incognito,
                "platform": play.platform,
                "country": play.country,
                "is_shuffle": play.is_shuffle,
                "is_offline": play.is_offline,
                "session": session,
                "first_at": heard.get(play.recording),
                "is_first_play": is_first,
                "source_file": "raw/streaming_history/rows.parquet",
                "source_line": line,
            }
        )
    return facts


def _days(told: list[Play], coverage: Mapping[dt.date, str]) -> list[dict[str, Any]]:
    dates = {play.at.date() for play in told} | set(coverage)
    if not dates:
        return []
    first, count = min(dates), (max(dates) - min(dates)).days + 1
    every = [first + dt.timedelta(days=number) for number in range(count)]
    plays = [play.at.date() for play in told]
    return [
        {"date": date, "coverage": coverage.get(date, "complete"), "plays": plays.count(date)}
        for date in every
    ]
