"""A full disk is known again, whichever library finds it first."""

import errno
import os
import sqlite3
from pathlib import Path

import duckdb
import pytest
import sqlalchemy.exc

from spotify_assets.lake import LakeError
from spotify_assets.storage import full_disk


def _made_of(cause: Exception) -> Exception:
    error = LakeError("Cannot write it.")
    error.__cause__ = cause
    return error


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/lake/rows.parquet")


@pytest.mark.parametrize(
    "error",
    [
        FULL,
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        _made_of(FULL),
        sqlalchemy.exc.OperationalError(
            "INSERT", {}, sqlite3.OperationalError("database or disk is full")
        ),
        duckdb.IOException('Could not write file "x": No space left on device'),
    ],
)
def test_a_full_disk_is_known_again(error: Exception) -> None:
    assert full_disk.is_full(error)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EACCES, "Permission denied"),
        sqlite3.OperationalError("database is locked"),
        _made_of(ValueError("the glass is full")),
    ],
)
def test_what_is_no_full_disk_is_none(error: Exception) -> None:
    assert not full_disk.is_full(error)


def test_sqlite_says_it_by_its_code(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "one.sqlite")
    db.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as full:
        db.execute("CREATE TABLE rows AS SELECT randomblob(100000)")
    db.close()
    assert full_disk.is_full(full.value)


def test_it_is_said_where_and_what_to_do(tmp_path: Path) -> None:
    said = full_disk.told(_made_of(FULL), tmp_path / "not made yet")
    assert said.startswith("The disk is full: nothing more can be written to /data/lake/rows.parq")
    assert "MB are free" in said
    assert "run the same command again" in said
