"""A listening history as files tell it, small enough to be written down in a test.

Exports are JSON that is read as the import reads it; reports are rows as `transforms.plays` makes.
"""

import datetime as dt
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from spotify_assets.lake import Lake
from spotify_assets.lake.history import history_file, write_rows
from spotify_assets.schemas import WAREHOUSE, Contract
from spotify_assets.schemas.listening import Plays, Polls
from spotify_assets.sources.account_export import find, read
from spotify_assets.transforms import listening
from spotify_assets.warehouse.macros import create_macros
from spotify_assets.warehouse.publication.catalog import Queries
from spotify_assets.warehouse.publication.listening import Listening
from spotify_assets.warehouse.publication.publish import Published
from spotify_assets.warehouse.publication.publish import publish as publish_queries
from spotify_assets.warehouse.tables import create
from spotify_assets_tests.warehouse.conftest import spotify_id

PLAYS = Listening(
    derive=listening.derive,
    made=listening.DERIVED,
    outdated=listening.IS_OUTDATED,
    version=listening.version(),
)
TIME_ZONE = "America/Sao_Paulo"
IMPORTED_AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
CLASSES = "counted, short, skipped, podcast, audiobook, local_file, incognito, duplicate"
Row = Mapping[str, Any]


def publish(lake: Lake, database: Path, made: Queries | None = None) -> Published:
    return publish_queries(lake, database, made or {}, None, [PLAYS], time_zone=TIME_ZONE)


def moment(text: str) -> dt.datetime:
    """`20:00:00` of 5 January 2026, or `06 20:00:00` of another day of it."""
    return dt.datetime.fromisoformat(f"2026-01-{text if ' ' in text else f'05 {text}'}")


def track(at: str, name: str = "one", ms: int = 180_000, **changed: Any) -> Row:
    """A row of the extended history."""
    return {
        "ts": f"{moment(at).isoformat()}Z",
        "ms_played": ms,
        "master_metadata_track_name": f"Song {name}",
        "master_metadata_album_artist_name": "Band",
        "master_metadata_album_album_name": "Record",
        "spotify_track_uri": f"spotify:track:{spotify_id(name)}",
        "reason_end": "trackdone",
        **changed,
    }


def local_file(at: str, name: str = "Demo", ms: int = 180_000) -> Row:
    return track(at, ms=ms, master_metadata_track_name=name, spotify_track_uri=None)


def in_account(at: str, name: str = "one", ms: int = 180_000, **changed: Any) -> Row:
    """The same row in the account data."""
    minute = f"{moment(at):%Y-%m-%d %H:%M}"
    row = {"endTime": minute, "artistName": "Band", "trackName": f"Song {name}", "msPlayed": ms}
    return {**row, **changed}


def export(
    lake: Lake,
    rows: Sequence[Row],
    name: str = "Streaming_History_Audio_2026_1",
    at: dt.datetime = IMPORTED_AT,
) -> str:
    """Import a file of such rows; its id."""
    given = lake.root.parent / "given"
    given.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=given))
    (folder / f"{name}.json").write_text(json.dumps(rows))
    (found,) = find([folder]).files
    return read(found, lake, at).file_id


def account(lake: Lake, rows: Sequence[Row], name: str = "StreamingHistory_music_0") -> str:
    return export(lake, rows, name)


def report(at: str, track: str = "one", **changed: Any) -> Row:
    """A play as the API reports it."""
    return {
        "played_at": moment(at),
        "track_id": spotify_id(track),
        "name": f"Song {track}",
        "artist_name": "Band",
        "album_name": "Record",
        "duration_ms": 180_000,
        **changed,
    }


def polled(lake: Lake, *reports: Row, date: dt.date = dt.date(2026, 1, 5)) -> None:
    """A day of polls that showed these plays, the last of them at the day's end."""
    here = {"date": date, "source_file": f"raw/recently_played/date={date}/polls.jsonl.zst"}
    asked = dt.datetime.combine(date, dt.time(23, 59))
    plays = [
        {**here, "reported_at": asked, "source_line": 1, "source_item": place, **one}
        for place, one in enumerate(reports, start=1)
    ]
    times = [one["played_at"] for one in reports]
    seen = {"items": len(reports), "is_full": False, "polled_at": asked, "source_line": 1}
    poll = {**here, **seen, "oldest_at": min(times), "newest_at": max(times)}
    write(lake, Plays, date, plays)
    write(lake, Polls, date, [poll])


def write(lake: Lake, contract: type[Contract], date: dt.date, rows: Sequence[Row]) -> None:
    frame = pl.DataFrame(rows, schema=contract.polars_schema(), orient="row")
    frame = frame.sort(contract.key())
    contract.validate(frame)
    target = history_file(lake, contract.table(), f"date={date}")
    write_rows(lake, target, f"{contract.table()} of {date}", frame)


Database = Path | duckdb.DuckDBPyConnection


def in_memory() -> duckdb.DuckDBPyConnection:
    """A warehouse without a file: made once, it takes in one lake after the other."""
    connection = duckdb.connect(config={"threads": 1})
    create(connection, WAREHOUSE.values())
    create_macros(connection, TIME_ZONE)
    return connection


def load_plays(lake: Lake, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of plays of a lake, as a publication does."""
    PLAYS.load(connection, lake, PLAYS.there(lake))


def ask(database: Database, query: str) -> list[tuple[Any, ...]]:
    if isinstance(database, duckdb.DuckDBPyConnection):
        return database.execute(query).fetchall()
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def told(database: Database) -> list[tuple[str, str, str, bool, bool]]:
    """Each play: its end, the item's name, and who tells of it."""
    return ask(
        database,
        "SELECT strftime(ended_at, '%H:%M:%S'), name, source, is_in_account, is_in_api "
        "FROM star.fact_play JOIN star.dim_item USING (item_key) ORDER BY ended_at, name, source",
    )


def times(database: Database) -> list[str]:
    return [at for at, *_ in told(database)]


def classes(database: Database) -> dict[str, dict[str, int]]:
    """For each file its rows by class, where there are any."""
    query = f"SELECT file_id, {{{', '.join(f'{one}: {one}' for one in CLASSES.split(', '))}}} "
    query += "FROM monitoring.imports"
    return {
        file_id: {name: rows for name, rows in counted.items() if rows}
        for file_id, counted in ask(database, query)
    }
