"""Which files hold a listening history, wherever they lie: zips, folders, single files.

Belongs here: recognising Spotify's files by name and content. Does not belong here: their rows.
"""

import json
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from spotify_assets.sources.account_export import forms, zips
from spotify_assets.sources.account_export.errors import ExportError

EXTENDED, ACCOUNT = "extended", "account"
CHUNK_BYTES = 1 << 16
HEAD_BYTES = CHUNK_BYTES
"""What is looked at to recognise a file: some 80 rows."""

AUDIO, VIDEO, MUSIC, PODCAST, AUDIOBOOK = "audio", "video", "music", "podcast", "audiobook"
# A browser adds " (1)" to the name of a second download.
NAMES = {
    EXTENDED: re.compile(r"(Streaming_History_(Audio|Video)|end(song|video))([_ ].*)?", re.I),
    ACCOUNT: re.compile(r"StreamingHistory(_[a-z]+_)?\d+.*", re.I),
}
ENDINGS = (".json", ".jsonl", ".ndjson", ".txt", ".gz")
"""Of files that may hold rows; an editor or a browser may have put one after the other."""
FOREIGN = (".csv", ".tsv", ".html", ".htm", ".pdf", ".xml", ".xlsx", ".xls")
"""Of files that are refused by name rather than passed over, where they are called as ours are."""
LIBRARY = re.compile(r"YourLibrary\d*.*", re.I)
"""Which shows are followed; in a package of account data."""
USER_DATA = re.compile(r"Userdata", re.I)
"""Whose account it is; in the same."""
# Of several the first that is true; all of Spotify's names are English.
MEDIA = {
    EXTENDED: {VIDEO: re.compile(r"_video_|^endvideo", re.I), AUDIO: re.compile("")},
    ACCOUNT: {one: re.compile(f"_{one}_", re.I) for one in (PODCAST, AUDIOBOOK, VIDEO, MUSIC)},
}
TELLING = {"podcastName": PODCAST, "audiobookName": AUDIOBOOK}
"""Keys of account data that say what its file is of, whatever it is called."""
PART = re.compile(r"(?<!\d)(\d{1,3})(?:\s*\(\d+\))?$")
"""The number at the end of a name, that is no year."""
SIGNATURES = {EXTENDED: {"ts", "ms_played"}, ACCOUNT: {"endtime", "msplayed"}}
"""Keys that no other file of Spotify's packages has together, in small letters."""
KEY = re.compile(rb'"([A-Za-z_][A-Za-z0-9_]{0,63})"\s*:')
"""What looks like the name of a key, in JSON."""

ASK_FOR_IT = (
    "Ask for the extended streaming history at https://www.spotify.com/account/privacy: it comes "
    "as a zip with Streaming_History_Audio_*.json."
)
WANTED = "Wanted is the JSON of Spotify's zip, as it came. Nothing of this file was imported."
NO_HISTORY = (
    "holds no listening history of Spotify: its rows have neither `ts` and `ms_played`, nor "
    "`endTime` and `msPlayed`."
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
    entries: tuple[zipfile.ZipInfo, ...] = ()
    """Where the container is a zip, its entry; of a zip within it, that one's entry first."""
    shows: tuple[str, ...] = ()
    """Names of the shows that its package says are followed."""
    username: str | None = field(default=None, repr=False)
    """Whose package it is; never stored, nor shown."""

    def __str__(self) -> str:
        """Where it is, for messages."""
        return f"{self.container}:{self.name}" if self.entries else str(self.container / self.name)

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
        return _chunks(self.container, self.name, self.entries)


@dataclass(frozen=True)
class Found:
    """What is in the places that were looked at."""

    files: tuple[ExportFile, ...]
    passed_over: int
    """JSON files that hold no listening history, such as playlists."""
    refused: tuple[Refused, ...]
    """Places that cannot be read, or hold no listening history."""
    notes: tuple[str, ...] = ()
    """What is wrong with other files of a package, without which less is known."""

    @property
    def warnings(self) -> list[str]:
        """What the listener should know: the notes, and a text for each place of account data."""
        containers = dict.fromkeys(f.container for f in self.files if f.package == ACCOUNT)
        told = (ACCOUNT_WARNING.format(container=container) for container in containers)
        return [*self.notes, *told]


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
    lower = {key.lower() for key in keys}
    by_content = (package for package, those in SIGNATURES.items() if those <= lower)
    package = next(by_content, None) or package_named(name)
    if package is None:
        return None
    return Recognised(package, media_of(package, name, keys), keys)


def package_named(name: str) -> str | None:
    """The package that a file is of, by its name alone."""
    stem = _stem(name)
    return next((package for package, its in NAMES.items() if its.fullmatch(stem)), None)


def _stem(name: str) -> str:
    """A name without its endings."""
    stem, dot, ending = name.rpartition(".")
    return _stem(stem) if stem and f"{dot}{ending}".lower() in (*ENDINGS, *FOREIGN) else name


def media_of(package: str, name: str, keys: Collection[str] = ()) -> str:
    """Of what a file tells, by its keys and its name."""
    by_keys = (media for key, media in TELLING.items() if package == ACCOUNT and key in keys)
    by_name = (media for media, pattern in MEDIA[package].items() if pattern.search(name))
    return next(by_keys, None) or next(by_name, AUDIO)


def part_of(name: str) -> int | None:
    """The number that a name ends with: 3 of ``Streaming_History_Audio_2019-2020_3.json``."""
    found = PART.search(_stem(name))
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
    return Found(search.complete(), search.passed_over, tuple(search.refused), tuple(search.notes))


@dataclass
class _Search:
    files: list[ExportFile] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    passed_over: int = 0
    shows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    usernames: dict[str, str] = field(default_factory=dict)
    """Of each origin what its other files say."""

    def look_at(self, path: Path) -> None:
        """Look at what the user named."""
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if _is_wanted(file.name) and file.is_file():
                    self._look_into(file, path)
        elif path.exists():
            self._look_into(path, path.parent, is_named=True)
            for beside in sorted(path.parent.glob("*.json")) if self._is_account(path) else ():
                if beside != path and _tells_of_package(beside.name):
                    self._look_into(beside, path.parent)
        else:
            self.refuse(path, f"{path} does not exist.")

    def refuse(self, path: Path, reason: str) -> None:
        """Note that a place is not read."""
        self.refused.append(Refused(str(path), reason))

    def complete(self) -> tuple[ExportFile, ...]:
        """The files, with what others of their packages say."""
        return tuple(self._completed(file) for file in self.files)

    def _completed(self, file: ExportFile) -> ExportFile:
        if file.package != ACCOUNT:
            return file
        shows, username = self.shows.get(file.origin, ()), self.usernames.get(file.origin)
        return replace(file, shows=shows, username=username)

    def _is_account(self, path: Path) -> bool:
        last = self.files[-1] if self.files else None
        return last is not None and last.package == ACCOUNT and str(last) == str(path)

    def _look_into(self, file: Path, folder: Path, *, is_named: bool = False) -> None:
        try:
            if file.suffix.lower() == ".zip":
                # First the whole archive: one that is a trap gives no file at all.
                for one in zips.entries(file):
                    if _is_wanted(one.file_name):
                        self._try(file, one.name, one.origin, one.path)
            else:
                origin = str(file.resolve().parent)
                name = file.relative_to(folder).as_posix()
                self._try(folder, name, origin, is_named=is_named)
        except ExportError as error:
            self.refuse(file, str(error))

    def _try(
        self,
        container: Path,
        name: str,
        origin: str,
        entries: tuple[zipfile.ZipInfo, ...] = (),
        *,
        is_named: bool = False,
    ) -> None:
        file_name = PurePosixPath(name).name
        head = next(forms.utf_8(_chunks(container, name, entries)), b"")
        foreign = forms.not_json(head)
        it = None if foreign else recognise(file_name, head)
        where = f"{container}:{name}" if entries else str(container / name)
        if it:
            self.files.append(
                ExportFile(container, name, it.package, it.media, it.keys, origin, entries)
            )
        elif foreign and (is_named or foreign == "CSV" or package_named(file_name)):
            self.refused.append(Refused(where, f"{where} is {foreign}. {WANTED}"))
        elif is_named:
            self.refused.append(Refused(where, f"{where} {NO_HISTORY} {ASK_FOR_IT}"))
        else:
            self.passed_over += 1
            if _tells_of_package(file_name):
                self._learn(where, file_name, origin, _chunks(container, name, entries))

    def _learn(self, where: str, name: str, origin: str, chunks: Iterator[bytes]) -> None:
        """What another file of a package says of it."""
        try:
            told = json.loads(b"".join(forms.utf_8(chunks)).decode("utf-8-sig"))
            if LIBRARY.fullmatch(_stem(name)):
                names = [one.get("name") for one in told.get("shows") or ()]
                self.shows[origin] = tuple(sorted({one for one in names if isinstance(one, str)}))
            elif isinstance(told.get("username"), str):
                self.usernames[origin] = told["username"]
        except (ValueError, AttributeError, TypeError):
            # Its text would quote what is in the file.
            self.notes.append(f"{where} cannot be read: what it says of its package is not known.")


def _is_wanted(name: str) -> bool:
    # "._x" is what macOS keeps beside x.
    lower = name.lower()
    may_be_ours = lower.endswith((*ENDINGS, ".zip", ".csv"))
    return not name.startswith(".") and (may_be_ours or package_named(name) is not None)


def _tells_of_package(name: str) -> bool:
    stem = _stem(name)
    return bool(LIBRARY.fullmatch(stem) or USER_DATA.fullmatch(stem))


def _chunks(container: Path, name: str, entries: tuple[zipfile.ZipInfo, ...]) -> Iterator[bytes]:
    path = container if entries else container / name
    packed = zips.chunks(path, entries, CHUNK_BYTES) if entries else _bytes_of(path)
    yield from zips.gunzipped(path, packed) if name.lower().endswith(".gz") else packed


def _bytes_of(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror or error}.") from error
