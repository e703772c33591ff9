"""A folder of this machine as a store."""

import datetime as dt
import errno
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.store.protocol import AlreadyThere, Object, at_once
from spotify_assets.storage.disk import sync

SCRATCH = ".writing"


class Folder:
    """A folder of this machine, for processes on it.

    Not by obstore's own, which does not have a file on the disk before its name is there.
    """

    def __init__(self, root: Path) -> None:
        """Keep it; it is made when something is created in it."""
        self.root, self.name = root, str(root)

    def create(self, key: str, data: bytes) -> None:
        """As `Store.create`: by a hard link, which fails where the name is there."""
        target, temporary = self.root / key, self.root / SCRATCH / uuid.uuid4().hex
        with writing(target, "a file of the lake"):
            temporary.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                self._link(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)

    def _link(self, temporary: Path, target: Path) -> None:
        while True:
            _make_folder(target.parent)
            try:
                os.link(temporary, target)
            except FileExistsError:
                raise AlreadyThere(str(target)) from None
            except FileNotFoundError:
                # A purge has removed the empty folder in between.
                if not temporary.exists():
                    raise
            except OSError as error:
                if error.errno in (errno.EPERM, errno.ENOTSUP):
                    raise LakeError(
                        f"{self.root} is on a file system that knows no hard links, as exFAT. The "
                        "lake needs them: set SPOTIFY_ASSETS_DATA_DIR to a folder on another disk."
                    ) from error
                raise
            else:
                return

    def get(self, key: str) -> bytes:
        """As `Store.get`."""
        with _reading(self.root / key):
            return (self.root / key).read_bytes()

    def keys(self, folder: str, after: str = "") -> list[str]:
        """As `Store.keys`."""
        found, folders = [], [folder]
        while folders:
            inside = folders.pop()
            for entry in self._entries(inside):
                key = f"{inside}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(key)
                elif key > after:
                    found.append(key)
        return sorted(found)

    def objects(self, folder: str) -> dict[str, Object]:
        """As `Store.objects`."""
        found = {}
        for key in self.keys(folder):
            # Another process may have deleted it since.
            with suppress(FileNotFoundError):
                stat = (self.root / key).stat()
                modified_at = dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC)
                found[key] = Object(stat.st_size, f"{stat.st_size}-{stat.st_mtime_ns}", modified_at)
        return found

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as entries:
                return list(entries)
        except FileNotFoundError:
            return []

    def folders(self, folder: str) -> list[str]:
        """As `Store.folders`."""
        return sorted(entry.name for entry in self._entries(folder) if entry.is_dir())

    def created_at(self, key: str) -> dt.datetime:
        """As `Store.created_at`."""
        return dt.datetime.fromtimestamp((self.root / key).stat().st_mtime, dt.UTC)

    def delete(self, keys: Iterable[str]) -> None:
        """As `Store.delete`; a folder goes with the last that is in it."""
        for key in keys:
            path = self.root / key
            with _deleting(path):
                path.unlink(missing_ok=True)
            _remove_empty(path.parent, self.root)

    def make_durable(self, keys: Iterable[str]) -> None:
        """As `Store.make_durable`: what is in a file is on the disk since it was created."""
        own = {(self.root / key).parent for key in keys}
        # Another process may have made a folder just now. Those above are made once in all.
        with writing(self.root, "the names of new files"):
            at_once(sync, own | {folder.parent for folder in own})


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LakeError(f"{path} cannot be read: {error.strerror or error}.") from error


@contextmanager
def _deleting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"Cannot delete {path}: {error.strerror or error}. Make it and its folder writable, "
            "then run the same again."
        ) from error


def _make_folder(folder: Path) -> None:
    """Make a folder, and those that it lies in.

    The names of its files and its own are made durable with these; here those above.
    """
    if folder.exists():
        return
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing[1:]:
        sync(one.parent)


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder and those that it lies in, as far as nothing is in them."""
    while folder != root:
        try:
            # It refuses a folder that is not empty; asking first would race with a run.
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
