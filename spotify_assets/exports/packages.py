"""Which files hold a listening history, wherever they lie: zips, folders, single files.

Belongs here: recognising Spotify's files by name and content. Does not belong here: their rows.
"""

import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from spotify_assets.exports import zips
from spotify_assets.exports.errors import ExportError

EXTENDED, ACCOUNT = "extended", "account"
CHUNK_BYTES = 1 << 16
HEAD_BYTES = CHUNK_BYTES
"""What is looked at to recognise a file: some 80 rows."""

AUDIO, VIDEO, MUSIC, PODCAST, AUDIOBOOK = "audio", "video", "music", "podcast", "audiobook"
# A browser adds " (1)" to the name of a second download.
NAMES = {
    EXTENDED: re.compile(r"(Streaming_History_(Audio|Video)|end(song|video))(_.*)?\.json", re.I),
    ACCOUNT: re.compile(r"StreamingHistory(_[a-z]+_)?\d+.*\.json", re.I),
}
# Of several the first that is true; all of Spotify's names are English.
MEDIA = {
    EXTENDED: {VIDEO: re.compile(r"_video_|^endvideo", re.I), AUDIO: re.compile("")},
    ACCOUNT: {one: re.compile(f"_{one}_", re.I) for one in (PODCAST, AUDIOBOOK, VIDEO, MUSIC)},
}
TELLING = {"podcastName": PODCAST, "audiobookName": AUDIOBOOK}
"""Keys of account data that say what its file is of, whatever it is called."""
PART = re.compile(r"(?<!\d)(\d{1,3})(?:\s*\(\d+\))?\.json", re.I)
"""The number at the end of a name, that is no year."""
SIGNATURES = {EXTENDED: {"ts", "ms_played"}, ACCOUNT: {"endTime", "msPlayed"}}
"""Keys that no other file of Spotify's packages has together."""
KEY = re.compile(rb'"([A-Za-z_][A-Za-z0-9_]{0,63})"\s*:')
"""What looks like the name of a key, in JSON."""

ASK_FOR_IT = (
    "Ask for the extended streaming history at https://www.spotify.com/account/privacy: it comes "
    "as a zip with Streaming_History_Audio_*.json."
)
ACCOUNT_WARNING = (
    "{container} is account data, not the extended streaming history: it holds the last year only, "
    "to the minute, and without ids. It is imported all the same. " + ASK_FOR_IT
)


@dataclass(frozen=True)
class Refused:
    """An input that was not read, or not to its end; the others were."""

    name: str
    reason: str


@dataclass(frozen=True)
class ExportFile:
    """A file of a listening history, unread."""

    container: Path
    """The zip or folder that it is in."""
    name: str
    """Its path in there, with slashes."""
    package: str
    media: str
    """Of what it tells: `AUDIO` stands for music and podcasts together."""
    keys: frozenset[str]
    """Names of the keys in its first rows."""
    origin: str
    """The same for files that came together: what their zip lists, or the path of their folder."""
    entry: zipfile.ZipInfo | None = None
    """Its entry, where the container is a zip."""

    def __str__(self) -> str:
        """Where it is, for messages."""
        return f"{self.container}:{self.name}" if self.entry else str(self.container / self.name)

    @property
    def file_name(self) -> str:
        """Its name without folders."""
        return PurePosixPath(self.name).name

    @property
    def is_video(self) -> bool:
        """It tells of videos."""
        return self.media == VIDEO

    @property
    def part(self) -> int | None:
        """Its number among the files of its package; none, where its name has none."""
        return part_of(self.file_name)

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, from the start.

        Raises:
            ExportError: It is damaged, gone, or cannot be read.
        """
        return _chunks(self.container, self.name, self.entry)


@dataclass(frozen=True)
class Found:
    """What is in the places that were looked at."""

    files: tuple[ExportFile, ...]
    passed_over: int
    """JSON files that hold no listening history, such as playlists."""
    refused: tuple[Refused, ...]
    """Places that cannot be read, or hold no listening history."""

    @property
    def warnings(self) -> list[str]:
        """What the listener should know, a text for each container of account data."""
        containers = dict.fromkeys(f.container for f in self.files if f.package == ACCOUNT)
        return [ACCOUNT_WARNING.format(container=container) for container in containers]


@dataclass(frozen=True)
class Recognised:
    """What a file is, by its name and its first bytes."""

    package: str
    media: str
    keys: frozenset[str]


def recognise(name: str, head: bytes) -> Recognised | None:
    """What a file is; ``None`` if it is no listening history.

    The content decides. Where it says nothing, being empty or damaged, the name does.
    """
    keys = frozenset(key.decode() for key in KEY.findall(head))
    by_content = (package for package, those in SIGNATURES.items() if those <= keys)
    by_name = (package for package, pattern in NAMES.items() if pattern.fullmatch(name))
    package = next(by_content, None) or next(by_name, None)
    if package is None:
        return None
    return Recognised(package, media_of(package, name, keys), keys)


def media_of(package: str, name: str, keys: Collection[str] = ()) -> str:
    """Of what a file tells, by its keys and its name."""
    by_keys = (media for key, media in TELLING.items() if package == ACCOUNT and key in keys)
    by_name = (media for media, pattern in MEDIA[package].items() if pattern.search(name))
    return next(by_keys, None) or next(by_name, AUDIO)


def part_of(name: str) -> int | None:
    """The number that a name ends with: 3 of ``Streaming_History_Audio_2019-2020_3.json``."""
    found = PART.search(name)
    return int(found[1]) if found else None


def find(paths: Iterable[Path]) -> Found:
    """The files of a listening history in zips, folders (to any depth) and single files.

    A place that cannot be read does not keep the others from being read: it is in ``refused``.

    Raises:
        ExportError: No place holds a listening history; the text says what is wrong with each.
    """
    search = _Search()
    for path in paths:
        before = len(search.files) + len(search.refused)
        search.look_at(path)
        if len(search.files) + len(search.refused) == before:
            search.refuse(path, f"{path} holds no listening history of Spotify. {ASK_FOR_IT}")
    if not search.files:
        raise ExportError("\n".join(one.reason for one in search.refused) or ASK_FOR_IT)
    return Found(tuple(search.files), search.passed_over, tuple(search.refused))


@dataclass
class _Search:
    files: list[ExportFile] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    passed_over: int = 0

    def look_at(self, path: Path) -> None:
        """Look at what the user named."""
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if _is_wanted(file.name) and file.is_file():
                    self._look_into(file, path)
        elif path.exists():
            self._look_into(path, path.parent)
        else:
            self.refuse(path, f"{path} does not exist.")

    def refuse(self, path: Path, reason: str) -> None:
        """Note that a place is not read."""
        self.refused.append(Refused(str(path), reason))

    def _look_into(self, file: Path, folder: Path) -> None:
        try:
            if file.suffix.lower() == ".zip":
                # First the whole archive: one that is a trap gives no file at all.
                entries = zips.entries(file)
                listing = zips.fingerprint(entries)
                for entry in entries:
                    path = PurePosixPath(entry.filename)
                    if _is_wanted(path.name, (".json",)):
                        self._try(file, entry.filename, f"{listing}/{path.parent}", entry)
            else:
                self._try(folder, file.relative_to(folder).as_posix(), str(file.resolve().parent))
        except ExportError as error:
            self.refuse(file, str(error))

    def _try(
        self, container: Path, name: str, origin: str, entry: zipfile.ZipInfo | None = None
    ) -> None:
        head = next(_chunks(container, name, entry), b"")
        if it := recognise(PurePosixPath(name).name, head):
            found = ExportFile(container, name, it.package, it.media, it.keys, origin, entry)
            self.files.append(found)
        else:
            self.passed_over += 1


def _is_wanted(name: str, suffixes: tuple[str, ...] = (".json", ".zip")) -> bool:
    # "._x" is what macOS keeps beside x.
    return name.lower().endswith(suffixes) and not name.startswith("._")


def _chunks(container: Path, name: str, entry: zipfile.ZipInfo | None) -> Iterator[bytes]:
    if entry:
        yield from zips.chunks(container, entry, CHUNK_BYTES)
        return
    path = container / name
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror or error}.") from error
