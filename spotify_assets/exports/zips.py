"""Zip archives, held to what Spotify sends: their entries are streamed, never unpacked.

Belongs here: which archives are refused, and reading an entry. Does not belong here: which entries
hold a listening history.
"""

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from spotify_assets.exports.errors import ExportError

MOST_BYTES = 4 * 1024**3
"""Of all entries together: twenty times the longest history that we know of."""
LARGE_BYTES = 100_000_000
HIGHEST_RATIO = 200
"""An entry that is large and shrinks more than this is made to do harm; a history shrinks to
1/10 to 1/30."""
IS_ENCRYPTED = 0x1

# A damaged archive shows in any of these ways; what it holds decides which.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


def entries(path: Path) -> list[zipfile.ZipInfo]:
    """The files in an archive, in its order.

    Raises:
        ExportError: It is damaged, encrypted, a trap, or cannot be opened.
    """
    with _opened(path) as archive:
        found = [entry for entry in archive.infolist() if not entry.is_dir()]
    for entry in found:
        if reason := _refusal(entry):
            raise ExportError(f"{path} is refused: {entry.filename!r} {reason}.")
    if sum(entry.file_size for entry in found) > MOST_BYTES:
        raise ExportError(
            f"{path} is refused: unpacked it takes more than {MOST_BYTES // 1024**3} GiB, which no "
            "listening history does. Unpack it yourself and give the folder, if you trust it."
        )
    return found


def fingerprint(entries: Iterable[zipfile.ZipInfo]) -> str:
    """The same for an archive of the same files, wherever it lies."""
    listed = sorted((entry.filename, entry.file_size, entry.CRC) for entry in entries)
    return hashlib.sha256(repr(listed).encode()).hexdigest()


def chunks(path: Path, entry: zipfile.ZipInfo, size: int) -> Iterator[bytes]:
    """The bytes of an entry, at most ``size`` at a time.

    Raises:
        ExportError: The archive or the entry is damaged.
    """
    with _opened(path) as archive, archive.open(entry) as stream:
        while chunk := stream.read(size):
            yield chunk


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
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
