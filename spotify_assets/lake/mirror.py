"""Files that change, on a store and on this machine: exports, polls, downloads of releases.

What the log names is written once. These files are few, are made again whole, and are read by path.
So of a lake on a store this machine has a copy of them. A change is made on the store first, then
in the copy; whoever reads has the copy brought up to date before. So it can be removed at any time,
and it never says what the store does not.

What is made again stays as it was known on earlier days. On a store each version is an object,
``<file>@<number>``, created once, and the last of them counts. In a folder the file of the name
counts, and the last of each day before (UTC) stands beside it, as ``<file>@<number>`` too. Comments
are kept in one version: an earlier one would hold what somebody has taken out.

Belongs here: keeping the copy like the store, and versions. Does not belong here: what the files
are (``history``).
"""

import contextlib
import datetime as dt
import fcntl
import json
import math
import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.layout import Lake
from spotify_assets.lake.store import AlreadyThere, Object, Remote, at_once

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
        listed = at_once(store.objects, folders)
        for folder, objects in zip(folders, listed, strict=True):
            there = {name: of_name[-1] for name, of_name in _versions(lake, objects).items()}
            for path in [one for one in lake.path(folder).rglob("*") if one.is_file()]:
                if lake.relative(path) not in there:
                    _remove(lake, path)
                    notes.pop(lake.relative(path), None)
            changed = {
                name: one.key
                for name, one in there.items()
                if notes.get(name) != one.note or not lake.path(name).exists()
            }
            fetched = at_once(lambda one: _fetched(lake, store, *one), changed.items())
            notes |= {name: there[name].note for name in fetched if name}
            for name, one in there.items():
                _date(lake.path(name), one.object)
        _note(lake, notes)


def push(
    lake: Lake,
    files: Collection[tuple[Path, Path]],
    put: Callable[[], Given],
    *,
    keeps: bool = False,
) -> Given:
    """Have files on the store, in this order, and then in the copy.

    Args:
        lake: The lake; where it is in a folder, only the second is done.
        files: Each with where it goes.
        put: Puts them into their places here.
        keeps: Whether what was known on earlier days is kept.

    Raises:
        LakeError: The store fails: the copy is as it was.
    """
    if (store := lake.remote) is None:
        for _, target in files if keeps else ():
            _keep(lake, target)
        return put()
    with _alone(lake):
        notes = _notes(lake)
        for file, target in files:
            key, data = lake.relative(target), file.read_bytes()
            notes[key] = _create_next(lake, store, key, data) if keeps else store.replace(key, data)
        _note(lake, notes)
        return put()


def _create_next(lake: Lake, store: Remote, name: str, data: bytes) -> str:
    while True:
        objects = store.objects(name.rpartition("/")[0])
        held = _versions(lake, objects).get(name, [])
        key = f"{name}@{max((one.number for one in held), default=0) + 1:010d}"
        # Another machine may have been first.
        with contextlib.suppress(AlreadyThere):
            store.create(key, data)
            # The last but one may be read just now.
            store.delete(
                earlier.key
                for earlier, later in pairwise(held)
                if earlier.object.modified_at.date() == later.object.modified_at.date()
            )
            return key


def _keep(lake: Lake, target: Path) -> None:
    """Keep what is there of earlier days beside what will be."""
    while target.exists() and _written(target).date() != dt.datetime.now(dt.UTC).date():
        name = lake.relative(target)
        objects = lake.log.store.objects(lake.relative(target.parent))
        last = max((one.number for one in _versions(lake, objects)[name][:-1]), default=0)
        # Another process may have been first.
        with writing(target, "what was known before"), contextlib.suppress(FileExistsError):
            os.link(target, target.with_name(f"{target.name}@{last + 1:010d}"))
            return


def _written(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)


def delete(lake: Lake, files: Collection[Path]) -> None:
    """Delete files on the store, one after the other, and all earlier versions.

    The files of the copy, or of the folder, are for the caller to delete.

    Raises:
        LakeError: The store fails.
    """
    folders = {lake.relative(file.parent) for file in files}
    store = lake.log.store
    there = {folder: _versions(lake, store.objects(folder)) for folder in folders}
    for file in files:
        held = there[lake.relative(file.parent)].get(lake.relative(file), [])
        store.delete(one.key for one in held if lake.remote or one.number)


def known(
    lake: Lake, table: str, at: dt.datetime | None = None, keep: dt.timedelta | None = None
) -> list[tuple[str, dt.datetime]]:
    """The files of a table as they are, or were known at a moment: keys, and when they were made.

    Args:
        lake: Where they lie.
        table: As `layer.table`.
        at: The moment; else now.
        keep: For how long earlier versions are kept; ``None``: for ever.

    Raises:
        LakeError: What was known then is not kept; or the store fails.
    """
    if at and keep is not None and at < dt.datetime.now(dt.UTC) - keep:
        raise LakeError(
            f"What was known of {table} at {at:%Y-%m-%d %H:%M} UTC is not kept any more: "
            f"SPOTIFY_VERSIONS_KEPT_DAYS is {keep.days}. Ask for a later moment."
        )
    found = []
    for name, held in _versions(lake, lake.log.store.objects(table.replace(".", "/"))).items():
        then = [one for one in held if at is None or one.object.modified_at <= at]
        later = held[len(then) : len(then) + 1]
        if at and later and later[0].object.modified_at.date() == at.date():
            raise LakeError(
                f"{name} was made again on {at.date()} after {at:%H:%M} UTC, and only the last of "
                "each day is kept. Ask for the end of the day, or of the day before."
            )
        # The key of pseudonyms is nobody's to read.
        if then and "/." not in name:
            found.append((then[-1].key, then[-1].object.modified_at))
    return sorted(found)


def collect(lake: Lake, tables: Collection[str], before: dt.datetime) -> list[str]:
    """Delete what was known only before a moment; returns the keys.

    Raises:
        LakeError: The store fails.
    """
    store = lake.log.store
    gone = [
        earlier.key
        for table in tables
        for held in _versions(lake, store.objects(table.replace(".", "/"))).values()
        for earlier, later in pairwise(held)
        if later.object.modified_at <= before
    ]
    store.delete(gone)
    return gone


class _Version(NamedTuple):
    key: str
    number: int
    """0: of the file that has no number in its name."""
    object: Object

    @property
    def note(self) -> str:
        """Tells it from every other version of its file."""
        return self.key if self.number else self.object.version


def _versions(lake: Lake, objects: Mapping[str, Object]) -> dict[str, list[_Version]]:
    """What there is of each file, the last last."""
    found: dict[str, list[_Version]] = defaultdict(list)
    for key, one in objects.items():
        name, _, number = key.partition("@")
        found[name].append(_Version(key, int(number or 0), one))
    for held in found.values():
        # What was copied from a folder to a store has no number there, and was first.
        held.sort(key=lambda one: one.number if one.number or lake.remote else math.inf)
    return found


def _fetched(lake: Lake, store: Remote, name: str, key: str) -> str:
    """The name; nothing where the object was deleted since it was listed."""
    with contextlib.suppress(FileNotFoundError):
        lake.cache(name, store.get(key))
        return name
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
