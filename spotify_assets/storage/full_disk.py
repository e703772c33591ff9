"""A disk that is full, as each library says it.

Belongs here: knowing it again, behind whatever was made of it, and saying it. Does not belong here:
what to do then.
"""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# The last two: of the file beside a database by which processes share its log, which cannot grow.
SQLITE_FULL = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP}
)
# Libraries that raise no `OSError` give what SQLite or the system says as text.
SAYS = ("database or disk is full", "no space left on device", "disk quota exceeded")


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that it was made of, is that nothing more fits on a disk."""
    return any(_says_full(one) for one in _chain(error))


def told(error: BaseException, folder: Path) -> str:
    """What happened and what to do, for people; ``folder`` is where most is written."""
    path = next((one.filename for one in _chain(error) if isinstance(one, OSError)), None) or folder
    return (
        f"The disk is full: nothing more can be written to {path}{_free(folder)}. What came before "
        "is kept. Free space, then run the same command again: it goes on from there."
    )


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) in SQLITE_FULL:
        return True
    return any(words in str(error).lower() for words in SAYS)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it was made of."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def _free(folder: Path) -> str:
    """How much is free where the folder lies, or will lie."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), None)
    return f" ({shutil.disk_usage(there).free / 1e6:.1f} MB are free)" if there else ""
