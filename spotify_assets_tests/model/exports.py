"""listening.md, "Sources": the rows of Spotify's export files, as they came.

Of the forms that exports have, here are lists of rows of the extended history and of account data.
"""

import datetime as dt
import hashlib
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRACK = "spotify:track:"


def normal(text: str | None) -> str:
    """The normal form by which names are compared; a missing name is empty."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text or "").casefold())


@dataclass(frozen=True)
class Told:
    """A row of an export."""

    file_id: str
    line: int
    is_extended: bool
    kind: str
    ended_at: dt.datetime
    """To the second; of account data, its minute."""
    ms: int
    uri: str | None
    name: str | None
    artist: str | None
    album: str | None
    more: tuple[tuple[str, Any], ...]
    """Reasons and marks, which only the extended history has."""

    @property
    def names(self) -> tuple[str, str]:
        """Artist and name in normal form."""
        return normal(self.artist), normal(self.name)

    @property
    def said(self) -> tuple[Any, ...]:
        """All that is kept of it, but where it stands."""
        return (self.ended_at, self.ms, self.uri, self.name, self.artist, self.album, self.more)


MARKS = {
    "reason_start": "reason_start",
    "reason_end": "reason_end",
    "is_shuffle": "shuffle",
    "is_skipped": "skipped",
    "is_offline": "offline",
    "is_incognito": "incognito_mode",
    "platform": "platform",
    "country": "conn_country",
}


def rows(file: Path) -> list[Told]:
    """The rows of a file."""
    content = file.read_bytes()
    file_id = hashlib.sha256(content).hexdigest()[:16]
    return [
        (_extended if "ts" in row else _account)(file_id, line, row)
        for line, row in enumerate(json.loads(content), start=1)
    ]


def _extended(file_id: str, line: int, row: dict[str, Any]) -> Told:
    kind, uri, name, artist, album = "music", row.get("spotify_track_uri"), None, None, None
    if row.get("spotify_episode_uri"):
        kind, uri = "podcast", row["spotify_episode_uri"]
        name, artist = row["episode_name"], row["episode_show_name"]
    elif row.get("audiobook_chapter_uri"):
        kind, uri = "audiobook", row["audiobook_chapter_uri"]
        name, artist = row["audiobook_chapter_title"], row["audiobook_title"]
    else:
        name = row["master_metadata_track_name"]
        artist = row["master_metadata_album_artist_name"]
        album = row["master_metadata_album_album_name"]
    more = tuple((column, row.get(key)) for column, key in MARKS.items())
    ended_at = dt.datetime.fromisoformat(row["ts"]).replace(tzinfo=None)
    return Told(
        file_id, line, True, kind, ended_at, row["ms_played"], uri, name, artist, album, more
    )


def _account(file_id: str, line: int, row: dict[str, Any]) -> Told:
    is_podcast = "podcastName" in row
    name, artist = (
        (row["episodeName"], row["podcastName"])
        if is_podcast
        else (row["trackName"], row["artistName"])
    )
    return Told(
        file_id,
        line,
        False,
        "podcast" if is_podcast else "music",
        dt.datetime.fromisoformat(row["endTime"]),
        row["msPlayed"],
        None,
        name,
        artist,
        None,
        tuple((column, None) for column in MARKS),
    )
