"""SQLite files that several processes share.

Belongs here: opening one, a step that no other process can cut into, and what goes wrong, said so
that a reader knows what to do. Does not belong here: any table.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

BUSY_SECONDS = 30.0
"""How long to wait for another process; each has the file for milliseconds."""


def begin(path: Path, schema: str) -> None:
    """Make the file and its tables, where they are not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(schema)


def connect(path: Path) -> sqlite3.Connection:
    """The file; rows have names, and each statement is a transaction unless within `alone`."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


@contextmanager
def alone(db: sqlite3.Connection) -> Iterator[None]:
    """What is read and written within is one step to every other process."""
    # From the start: a transaction that begins by reading cannot wait for another to end.
    db.execute("BEGIN IMMEDIATE")
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
        raise error(
            f"{what} cannot be used: {cause}. Free space, make the file writable, or, if it is "
            f"damaged, move it away: a new one is begun{then}."
        ) from cause
