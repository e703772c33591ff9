"""Putting a new state of the DuckDB file in the place of the old one, at once or not at all.

Belongs here: the copy, the lock, the rename, who may read it, and what a kill or a full disk
leaves. Does not belong here: what is written.
"""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from spotify_assets.lake.errors import writing
from spotify_assets.storage import permissions as access
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.tables import literal

LOCK_PATIENCE_SECONDS = 300
LOCK_POLL_SECONDS = 0.2
FICLONE = 0x40049409
"""Linux: let a file share the blocks of another. ``fcntl`` has it from Python 3.12 on."""


@contextmanager
def replacing(
    path: Path,
    *,
    create: Callable[[Path], None] | None = None,
    compact: bool,
    readers: int | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the file to write to; it takes the file's place once the body has ended well.

    A reader sees the old state or the new one, and is never kept out. Killed at any point, the file
    is whole.

    Args:
        path: The DuckDB file.
        create: Makes the file to begin with, instead of the copy.
        compact: Leave the bytes behind of rows that it holds no more.
        readers: The number of the group that may read the file; else only its owner may.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
        WarehouseError: The file cannot be given to the group.
    """
    copy = path.with_name(f".{path.name}.next")
    try:
        _remove(copy)
        if create:
            create(copy)
        else:
            _copy(path, copy)
        with opened(copy) as connection:
            yield connection
        if compact:
            _compact(copy)
        _swap(copy, path, readers)
    finally:
        _remove(copy)


def _copy(path: Path, copy: Path) -> None:
    """Make ``copy`` of the file: sharing its blocks where the file system can, as XFS and Btrfs."""
    with path.open("rb") as source, copy.open("wb") as target:
        try:
            fcntl.ioctl(target, FICLONE, source.fileno())
        except OSError:
            # Each file system says it in another way. If it is the disk, the copy says so too.
            shutil.copyfile(path, copy)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep publications on this machine out: the body has ``path``, and what it is made from.

    Raises:
        WarehouseError: Another process has had it for too long.
        LakeError: The folder cannot be written.
    """
    with writing(path, "the warehouse"):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f".{path.name}.lock").open("wb")
    with lock:
        deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WarehouseError(
                        f"Another process has been publishing {path} for "
                        f"{LOCK_PATIENCE_SECONDS} s. Wait for it or stop it, then run again."
                    ) from None
                time.sleep(LOCK_POLL_SECONDS)
        yield


@contextmanager
def opened(copy: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The copy, which nobody else sees; a full disk is an ``OSError`` like any other."""
    try:
        with duckdb.connect(copy) as connection:
            # A file of the lake is read once: kept, 36,000 of them took 3.6 GB.
            connection.execute("SET enable_external_file_cache = false")
            yield connection
            connection.execute("CHECKPOINT")
    except (duckdb.IOException, duckdb.FatalException) as error:
        # Fatal is what a checkpoint makes of a full disk; only the copy is lost by it.
        raise OSError(str(error)) from error


def _swap(copy: Path, path: Path, readers: int | None) -> None:
    """Put the copy in the place of the file, by one rename: who may read it, may at any moment."""
    try:
        access.open_file(copy, readers)
        access.open_folder(path.parent, readers)
    except access.AccessError as error:
        raise WarehouseError(str(error)) from error
    with ExitStack() as held:
        if path.exists():
            # Freeing the old one's blocks, 0.2 s a GiB, is left to when it is closed: nobody who
            # opens the new one waits for that.
            held.enter_context(path.open("rb"))
        copy.replace(path)


def _compact(copy: Path) -> None:
    """Put a file with nothing but the rows of ``copy`` in its place."""
    compacted = copy.with_name(f"{copy.name}.compact")
    try:
        _remove(compacted)
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH {literal(str(copy))} AS held (READ_ONLY)")
            connection.execute(f"ATTACH {literal(str(compacted))} AS compacted")
            connection.execute("COPY FROM DATABASE held TO compacted")
            # Closing would do it as well, but says nothing where the disk is full.
            connection.execute("CHECKPOINT compacted")
        compacted.replace(copy)
    except (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException) as error:
        # The last is what a commit makes of a full disk.
        raise OSError(str(error)) from error
    finally:
        _remove(compacted)


def _remove(copy: Path) -> None:
    for ending in ("", ".wal", ".compact", ".compact.wal"):
        copy.with_name(f"{copy.name}{ending}").unlink(missing_ok=True)
    # What did not fit into memory, of a publication that was killed.
    shutil.rmtree(copy.with_name(f"{copy.name}.tmp"), ignore_errors=True)
