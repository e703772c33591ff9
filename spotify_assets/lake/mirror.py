"""Files that change, on a store and on this machine: exports, polls, downloads of releases.

What the log names is written once. These files are few, are replaced whole, and are read by path.
So of a lake on a store this machine has a copy of them. A change is made on the store first, then
in the copy; whoever reads has the copy brought up to date before. So it can be removed at any time,
and it never says what the store does not.

Belongs here: keeping the copy like the store. Does not belong here: what they are (``history``).
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from spotify_assets.lake.errors import writing
from spotify_assets.lake.layout import Lake
from spotify_assets.lake.store import AT_ONCE, Object, Remote

Given = TypeVar("Given")
NOTES, LOCK = ".mirror.json", ".mirror.lock"


def pull(lake: Lake, folders: Collection[str]) -> None:
    """Make folders of the copy as they are on the store; of a lake in a folder, nothing.

    Args:
        lake: The lake.
        folders: Relative to it, e.g. ``raw/streaming_history``.

    Raises:
        LakeError: The store fails, or the copy cannot be written.
    """
    if (store := lake.remote) is None:
        return
    with _alone(lake):
        notes = _notes(lake)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            listed = list(pool.map(store.objects, folders))
        for folder, there in zip(folders, listed, strict=True):
            for path in [one for one in lake.path(folder).rglob("*") if one.is_file()]:
                if lake.relative(path) not in there:
                    _remove(lake, path)
                    notes.pop(lake.relative(path), None)
            changed = [
                key
                for key, one in there.items()
                if notes.get(key) != one.version or not lake.path(key).exists()
            ]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                fetched = list(pool.map(lambda key: _fetched(lake, store, key), changed))
            notes |= {key: there[key].version for key in fetched if key}
            for key, one in there.items():
                _date(lake.path(key), one)
        _note(lake, notes)


def push(lake: Lake, files: Collection[tuple[Path, Path]], put: Callable[[], Given]) -> Given:
    """Have files on the store, in this order, and then in the copy.

    Args:
        lake: The lake; where it is in a folder, only the second is done.
        files: Each with where it goes.
        put: Puts them into their places here.

    Raises:
        LakeError: The store fails: the copy is as it was.
    """
    if (store := lake.remote) is None:
        return put()
    with _alone(lake):
        notes = _notes(lake)
        for file, target in files:
            key = lake.relative(target)
            notes[key] = store.replace(key, file.read_bytes())
        _note(lake, notes)
        return put()


def delete(lake: Lake, files: Collection[Path]) -> None:
    """Delete files on the store, one after the other; the copy is for the caller to delete from.

    Raises:
        LakeError: The store fails.
    """
    if store := lake.remote:
        for file in files:
            store.delete([lake.relative(file)])


def _fetched(lake: Lake, store: Remote, key: str) -> str:
    """The key; nothing where the object was deleted since it was listed."""
    with contextlib.suppress(FileNotFoundError):
        lake.cache(key, store.get(key))
        return key
    return ""


def _date(path: Path, one: Object) -> None:
    """By size and time a publication knows files: the same on each machine."""
    modified_ns = int(one.modified_at.timestamp() * 1_000_000) * 1000
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_mtime_ns != modified_ns:
            os.utime(path, ns=(modified_ns, modified_ns))


def _remove(lake: Lake, path: Path) -> None:
    path.unlink(missing_ok=True)
    # The folder of its table stays.
    if path.parent.parent.parent.parent == lake.root:
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def _notes(lake: Lake) -> dict[str, str]:
    try:
        told: dict[str, str] = json.loads((lake.root / NOTES).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        # All is fetched again.
        return {}
    return told


def _note(lake: Lake, notes: dict[str, str]) -> None:
    lake.cache(NOTES, json.dumps(notes).encode())


@contextlib.contextmanager
def _alone(lake: Lake) -> Iterator[None]:
    path = lake.root / LOCK
    with writing(path, "the lock of what was read from the store"):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
