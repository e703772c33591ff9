"""Zip archives, held to what Spotify sends: their entries are streamed, never unpacked.

Belongs here: which archives are refused, and reading an entry. Does not belong here: which entries
hold a listening history.
"""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from spotify_assets.sources.account_export.errors import ExportError

MAX_BYTES = 4 * 1024**3
"""Of all entries together: twenty times the longest history that we know of."""
LARGE_BYTES = 100_000_000
HIGHEST_RATIO = 200
"""An entry that is large and shrinks more than this is made to do harm; a history shrinks to
1/10 to 1/30."""
IS_ENCRYPTED = 0x1
MAX_DEPTH = 2
"""So many archives may lie within each other."""
GZIP = 16 + zlib.MAX_WBITS
PORTION_BYTES = 1 << 20

# A damaged archive shows in any of these ways; what it holds decides which.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


@dataclass(frozen=True)
class Entry:
    """A file in an archive, or in an archive within that."""

    path: tuple[zipfile.ZipInfo, ...]
    """Its own entry last; before it that of the archive within, if it is in one."""
    origin: str
    """The same for the files of one folder of an archive, wherever the archive lies."""

    @property
    def name(self) -> str:
        """Its path, with slashes."""
        return "/".join(entry.filename for entry in self.path)

    @property
    def file_name(self) -> str:
        """Its name without folders."""
        return PurePosixPath(self.name).name


def entries(path: Path) -> list[Entry]:
    """The files in an archive and in those that lie in it, in their order.

    Raises:
        ExportError: It is damaged, encrypted, a trap, or cannot be opened.
    """
    found: list[Entry] = []
    size = 0
    with _reading(path), zipfile.ZipFile(path) as archive:
        # One by one: an archive within is opened after its own size was counted.
        for entry in _entries(path, archive, ()):
            found.append(entry)
            size += entry.path[-1].file_size
            if size > MAX_BYTES:
                raise ExportError(
                    f"{path} is refused: unpacked it takes more than {MAX_BYTES // 1024**3} GiB, "
                    "which no listening history does. Unpack it yourself and give the folder, if "
                    "you trust it."
                )
    return found


def _entries(
    path: Path, archive: zipfile.ZipFile, within: tuple[zipfile.ZipInfo, ...]
) -> Iterator[Entry]:
    files = [entry for entry in archive.infolist() if not entry.is_dir()]
    listed = sorted((entry.filename, entry.file_size, entry.CRC) for entry in files)
    listing = hashlib.sha256(repr(listed).encode()).hexdigest()
    for entry in files:
        if reason := _refusal(entry):
            raise ExportError(f"{path} is refused: {entry.filename!r} {reason}.")
        name = PurePosixPath(entry.filename)
        if not _is_archive(entry):
            yield Entry((*within, entry), f"{listing}/{name.parent}")
        elif len(within) + 1 < MAX_DEPTH:
            # Its own bytes count too: more of them may be hidden between its files.
            yield Entry((*within, entry), listing)
            with archive.open(entry) as stream, zipfile.ZipFile(stream) as inner:
                yield from _entries(path, inner, (*within, entry))
        else:
            raise ExportError(
                f"{path} is refused: {entry.filename!r} is a zip within a zip within a zip. "
                "Unpack the outer ones and give the folder."
            )


def _is_archive(entry: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(entry.filename).name.lower()
    return name.endswith(".zip") and not name.startswith("._")


def chunks(path: Path, within: Sequence[zipfile.ZipInfo], size: int) -> Iterator[bytes]:
    """The bytes of an entry, at most ``size`` at a time.

    Args:
        path: The archive.
        within: Its entry; before it that of the archive within, if it is in one.
        size: In bytes.

    Raises:
        ExportError: The archive or the entry is damaged.
    """
    with _reading(path), ExitStack() as opened:
        archive = opened.enter_context(zipfile.ZipFile(path))
        for entry in within[:-1]:
            stream = opened.enter_context(archive.open(entry))
            archive = opened.enter_context(zipfile.ZipFile(stream))
        last = opened.enter_context(archive.open(within[-1]))
        while chunk := last.read(size):
            yield chunk


def gunzipped(path: Path, packed: Iterable[bytes]) -> Iterator[bytes]:
    """What was packed with gzip.

    Raises:
        ExportError: It is damaged, or grows beyond measure.
    """
    unpacked = 0
    with _reading(path):
        unpacker = zlib.decompressobj(GZIP)
        for chunk in packed:
            while chunk:
                part = unpacker.decompress(chunk, PORTION_BYTES)
                unpacked += len(part)
                if unpacked > MAX_BYTES:
                    raise ExportError(f"{path} is refused: unpacked it is larger than any history.")
                yield part
                chunk = unpacker.unconsumed_tail  # noqa: PLW2901 - what is left of it
                if unpacker.eof:
                    break
        if not unpacker.eof:
            raise EOFError("it ends early")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say what is wrong with an archive so that a listener knows what to do."""
    try:
        yield
    except DAMAGE as error:
        raise ExportError(
            f"{path} is a damaged zip ({error}). Often its download was cut off: download it again."
        ) from error
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror or error}.") from error


def _refusal(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & IS_ENCRYPTED:
        return "is encrypted. Unpack it with its password and give the folder"
    if _leads_out(entry.filename):
        return "would lie outside of the folder that it is unpacked in"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a link to another file"
    if entry.file_size > LARGE_BYTES and entry.file_size > HIGHEST_RATIO * entry.compress_size:
        ratio = entry.file_size // max(entry.compress_size, 1)
        return f"is {ratio:,} times as large unpacked, which no listening history is"
    return None


def _leads_out(name: str) -> bool:
    windows = PureWindowsPath(name)
    is_absolute = PurePosixPath(name).is_absolute() or bool(windows.drive or windows.root)
    return is_absolute or ".." in windows.parts
