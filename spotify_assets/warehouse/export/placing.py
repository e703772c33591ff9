"""Files that appear by one rename, or not at all.

Belongs here: the folder beside the target, and what a full disk is called. Does not belong here:
what is written.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from xlsxwriter.exceptions import XlsxFileError

from spotify_assets.warehouse.inventory import WrongRequest


def refuse_existing(target: Path, *, force: bool) -> None:
    """Keep what is there, unless it may be replaced.

    Raises:
        WrongRequest: It is there, and may not.
    """
    if target.exists() and not force:
        raise WrongRequest(f"{target} is there already. --force replaces it.")


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A folder on the same disk, which goes with all that is in it."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        yield Path(scratch).resolve()


@contextmanager
def disk_errors() -> Iterator[None]:
    """A full disk is an ``OSError``, whoever finds it."""
    try:
        yield
    except (
        duckdb.IOException,
        duckdb.FatalException,
        # What a commit makes of a full disk.
        duckdb.TransactionException,
        XlsxFileError,
    ) as error:
        raise OSError(str(error)) from error
