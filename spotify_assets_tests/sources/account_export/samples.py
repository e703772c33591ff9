"""Rows of exports, files and zips of them, and the lake that they are imported into."""

import datetime as dt
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from spotify_assets.lake import Lake, history
from spotify_assets.sources.account_export import ExportFile, ImportedFile, find, read

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
TRACK_ID = "3aJ2aJz5xL03hpaqdPS7Ah"
NAME = "Streaming_History_Audio_2025_1.json"
ADDRESS, USER, AGENT = "203.0.113.77", "maria-da-silva", "Mozilla/5.0 (X11; secret)"

Row = Mapping[str, Any]


def moment(text: str) -> dt.datetime:
    """A time as the tables have it: UTC, without a zone."""
    return dt.datetime.fromisoformat(text)


def play(**changed: Any) -> dict[str, Any]:
    """A row of the extended history, with keys changed."""
    row = {
        "ts": "2025-04-28T21:04:35Z",
        "platform": "windows",
        "ms_played": 181_603,
        "conn_country": "BR",
        "ip_addr": ADDRESS,
        "master_metadata_track_name": "Águas de Março",
        "master_metadata_album_artist_name": "Elis Regina",
        "master_metadata_album_album_name": "Elis & Tom",
        "spotify_track_uri": f"spotify:track:{TRACK_ID}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "clickrow",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": None,
        "offline": False,
        "offline_timestamp": 1_745_874_272,
        "incognito_mode": False,
    }
    return {**row, **changed}


def without_track(**named: Any) -> dict[str, Any]:
    """A row that names no track."""
    none = dict.fromkeys(
        (
            "spotify_track_uri",
            "master_metadata_track_name",
            "master_metadata_album_artist_name",
            "master_metadata_album_album_name",
        )
    )
    return play(**{**none, **named})


def old_play() -> dict[str, Any]:
    """A row of the older files, with all that is personal in them."""
    return play(username=USER, user_agent_decrypted=AGENT, ip_addr_decrypted=ADDRESS)


def account_play(**changed: Any) -> dict[str, Any]:
    """A row of the account data."""
    row = {
        "endTime": "2024-01-05 14:23",
        "artistName": "Elis Regina",
        "trackName": "Águas de Março",
        "msPlayed": 181_603,
    }
    return {**row, **changed}


def written(folder: Path, content: bytes | Sequence[Row], name: str = NAME) -> ExportFile:
    """A file of such content, found."""
    folder.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / name).write_bytes(data)
    (file,) = find([folder / name]).files
    return file


def zipped(path: Path, files: Mapping[str, bytes | Sequence[Row]]) -> Path:
    """A zip of such files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content)
            archive.writestr(name, data)
    return path


def imported(lake: Lake, content: bytes | Sequence[Row], name: str = NAME) -> ImportedFile:
    """A file of such content, read into the lake."""
    return read(written(lake.root.parent / "given", content, name), lake, NOW)


def rows(lake: Lake, table: str, imported: ImportedFile) -> pl.DataFrame:
    """The rows of a table that a file has made."""
    file = history.history_file(lake, table, history.file_folder(imported.file_id))
    return pl.read_parquet(file, hive_partitioning=False)


def streams(lake: Lake, imported: ImportedFile) -> list[dict[str, Any]]:
    """The readable rows of a file."""
    return rows(lake, history.STREAMS, imported).to_dicts()


def reasons(lake: Lake, imported: ImportedFile) -> dict[str, str]:
    """For each row that cannot be read, by its pointer, the reason."""
    table = rows(lake, history.QUARANTINED_PLAYS, imported)
    return dict(table.select("source_pointer", "reason").iter_rows())
