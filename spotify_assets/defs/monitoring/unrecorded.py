"""Runs whose end could not be recorded, because the disk was full.

Dagster keeps them as running. Once their process is gone it looks as if it had been killed: a note
tells that it was not.

Belongs here: leaving the note, and reading it. Does not belong here: knowing a full disk again
(``full_disk``), and ending such a run (``processes``, and Dagster's own daemon).
"""

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spotify_assets.storage.full_disk import is_full

LOG = logging.getLogger(__name__)
SAYS = (
    "The disk was full: nothing more could be written, not even how this run ended. What it had "
    "received is kept. Free space, then start it again."
)


def prepare() -> None:
    """Make the folder of the notes while there is room.

    Raises:
        OSError: It cannot be made.
    """
    _folder().mkdir(parents=True, exist_ok=True)


@contextmanager
def noting(run_id: str) -> Iterator[None]:
    """Where the body fails by a full disk, leave a note for the run.

    Raises:
        OSError: The disk is full; it says so in a word, whichever library found it.
    """
    try:
        yield
    except Exception as error:
        if not is_full(error):
            raise
        _note(run_id)
        where = str(_folder().parent)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), where) from error


def is_noted(run_id: str) -> bool:
    """Whether the disk was full when something of the run was to be recorded."""
    return _file(run_id).exists()


def _note(run_id: str) -> None:
    try:
        # An empty file needs no room but its name: that fits where nothing else does.
        _file(run_id).touch()
    except OSError as error:
        LOG.error("That the disk was full in run %s cannot be noted: %s.", run_id, error)


def _file(run_id: str) -> Path:
    return _folder() / run_id


def _folder() -> Path:
    return Path(os.environ.get("DAGSTER_HOME", ".")) / "full_disk"
