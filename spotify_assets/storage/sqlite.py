"""SQLite files that several processes share.

Belongs here: opening one, what several processes share in it (`File`, a `Database`), a step that no
other process can cut into, and what goes wrong, said so that a reader knows what to do. Does not
belong here: any table.
"""

import datetime as dt
import fcntl
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from spotify_assets.storage.clock import Clock
from spotify_assets.storage.full_disk import is_full
from spotify_assets.storage.holds import Held, Hold, this_process

BUSY_SECONDS = 30.0
"""How long to wait for another process; each has the file for milliseconds."""


def begin(path: Path, schema: str, added: Mapping[str, str] = MappingProxyType({})) -> None:
    """Make the file and its tables, where they are not there; one that is only read stays.

    Args:
        path: The file.
        schema: Statements that make what is not there.
        added: ``table.column`` → statements for a file of a version that did not have it.
    """
    if is_only_for_reading(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(schema)
        for column, statements in added.items():
            _add(db, column, statements)


def _add(db: sqlite3.Connection, name: str, statements: str) -> None:
    table, column = name.split(".")
    with alone(db):
        there = db.execute("SELECT name FROM pragma_table_info(?)", (table,))
        if column not in {name for (name,) in there}:
            for statement in statements.split(";"):
                db.execute(statement)


def connect(path: Path) -> sqlite3.Connection:
    """The file; rows have names, and each statement is a transaction unless within `alone`."""
    name, is_uri = str(path), False
    if is_only_for_reading(path):
        # What was written last lies in the log beside the file. Without one, SQLite would want to
        # make it to know that: then the file is said to be as it is.
        mode = "mode=ro" if _log_of(path).exists() else "mode=ro&immutable=1"
        name, is_uri = f"{path.absolute().as_uri()}?{mode}", True
    db = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, uri=is_uri)
    db.row_factory = sqlite3.Row
    return db


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


class File:
    """A `Database` of one machine; its clock is the machine's, its locks are files beside it."""

    clock = Clock()

    def __init__(self, path: Path) -> None:
        self._locks = path.with_name(f"{path.stem}.locks")
        self._db = connect(path)
        self._db.create_function("epoch", 1, _epoch, deterministic=True)

    def execute(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> sqlite3.Cursor:
        """Run a statement."""
        return self._db.execute(sql, parameters)

    def executemany(
        self, sql: str, rows: Iterable[Sequence[Any] | Mapping[str, Any]]
    ) -> sqlite3.Cursor:
        """Run a statement for each row."""
        return self._db.executemany(sql, rows)

    def alone(self) -> AbstractContextManager[None]:
        """What is read and written within is one step to every other process."""
        return alone(self._db)

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        found = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
        return found.fetchone() is not None

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold a name that nobody else holds meanwhile.

        Raises:
            Held: Somebody does.
        """
        self._locks.mkdir(parents=True, exist_ok=True)
        # Not the name itself, which may be longer than the name of a file.
        path = self._locks / hashlib.sha256(name.encode()).hexdigest()
        with _locked(path, name) as file:
            file.write(f"{this_process()}\n{name}".encode())
            file.flush()
            try:
                yield
            finally:
                # While it is locked: who opened it meanwhile sees that it is not there any more.
                path.unlink()

    def holds(self) -> list[Hold]:
        """Which names are held now, and by whom."""
        held = []
        for path in self._locks.glob("*"):
            # It may be given back meanwhile.
            with suppress(FileNotFoundError), path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    holder, _, name = file.read().decode().partition("\n")
                    held.append(Hold(name, holder))
        return sorted(held, key=lambda one: one.name)

    def workers(self) -> list[str]:
        """The processes that hold something."""
        return sorted({one.holder for one in self.holds()})

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _epoch(moment: str | None) -> int | None:
    """Seconds since 1970 of a time in ISO 8601, as a function of SQL."""
    return None if moment is None else int(dt.datetime.fromisoformat(moment).timestamp())


def _locked(path: Path, name: str) -> BinaryIO:
    """The empty file, locked for this process until it is closed."""
    while True:
        file = path.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            with file:
                raise Held(name, file.readline().decode().rstrip()) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                # What a killed process had written.
                file.truncate(0)
                return file
        file.close()


@contextmanager
def alone(db: sqlite3.Connection) -> Iterator[None]:
    """What is read and written within is one step to every other process."""
    # From the start: a transaction that begins by reading cannot wait for another to end.
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if not _is_read_only(error):
            raise
        # Who only reads sees one state all the same; who writes is told when it does.
        db.execute("BEGIN")
    with db:
        yield


@contextmanager
def reporting(error: Callable[[str], Exception], what: str, then: str = "") -> Iterator[None]:
    """Turn what SQLite and the disk say into an ``error`` that says what to do.

    Args:
        error: The error to raise.
        what: Which file of what it is, to begin the sentence with.
        then: What a new file would lack, to end the sentence with.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as cause:
        raise error(f"{what} cannot be used: {cause}. {_remedy(cause, then)}") from cause


def _remedy(cause: Exception, then: str) -> str:
    if is_full(cause):
        return "The disk is full: free space, then run the same again."
    if _is_read_only(cause):
        return "Make the file and its folder writable, then run the same again."
    return (
        "Make the file and its folder writable, or, if it is damaged, move it away: a new one is "
        f"begun{then}."
    )


def _is_read_only(error: Exception) -> bool:
    # The lowest byte is the kind; the others say more of it.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY


def is_only_for_reading(path: Path) -> bool:
    """Whether there is a file that this process may read and not write, as in a mounted backup."""
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
