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

TRACK, LOCAL = "spotify:track:", "spotify:local:"
UNKNOWN = ("unknown artist", "unknown track")
"""What account data says of any local file, in normal form."""


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
    def has_name(self) -> bool:
        """Whether it is a name by which things are known."""
        return bool(self.name) and self.names != UNKNOWN

    @property
    def is_local(self) -> bool:
        """A local file, which the extended history alone names."""
        return self.kind == "local_file" and self.is_extended

    @property
    def is_any_local_file(self) -> bool:
        """What account data says of all local files."""
        return not self.is_extended and self.names == UNKNOWN

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
    name = row.get("master_metadata_track_name")
    artist = row.get("master_metadata_album_artist_name")
    album = row.get("master_metadata_album_album_name")
    track, episode = row.get("spotify_track_uri"), row.get("spotify_episode_uri")
    chapter = row.get("audiobook_chapter_uri")
    kind, uri = "music", track
    if chapter or row.get("audiobook_chapter_title"):
        kind, uri, album = "audiobook", chapter, None
        name, artist = row["audiobook_chapter_title"], row["audiobook_title"]
    elif not track and (episode or row.get("episode_name")):
        kind, uri, album = "podcast", episode, None
        name, artist = row["episode_name"], row["episode_show_name"]
    elif track.startswith(LOCAL) if track else "spotify_track_uri" in row:
        kind = "local_file"
    more = tuple((column, row.get(key)) for column, key in MARKS.items())
    ended_at = dt.datetime.fromisoformat(row["ts"]).replace(tzinfo=None)
    return Told(
        file_id, line, True, kind, ended_at, row["ms_played"], uri, name, artist, album, more
    )


ACCOUNT_NAMES = {
    "music": ("trackName", "artistName"),
    "podcast": ("episodeName", "podcastName"),
    "audiobook": ("chapterName", "audiobookName"),
}


def _account(file_id: str, line: int, row: dict[str, Any]) -> Told:
    kind = next(kind for kind, (key, _) in ACCOUNT_NAMES.items() if key in row)
    name, artist = (row[key] for key in ACCOUNT_NAMES[kind])
    if (normal(artist), normal(name)) == UNKNOWN:
        kind = "local_file"
    return Told(
        file_id,
        line,
        False,
        kind,
        dt.datetime.fromisoformat(row["endTime"]),
        row["msPlayed"],
        None,
        name,
        artist,
        None,
        tuple((column, None) for column in MARKS),
    )
