"""Which partitions were rewritten after they had been written: the corrections of the past.

A commit says itself what it revised. Here all of them stand in one order, whatever their genre, so
that who has read some need not read every commit for the others. In a folder they are the lines of
a file; on a store an object each, as nothing is appended there.

Belongs here: noting a revision. Does not belong here: why it was made.
"""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

import polars as pl

from spotify_assets.lake.errors import DamagedFile, writing
from spotify_assets.lake.layout import GenreDay, Lake
from spotify_assets.lake.log import Revised
from spotify_assets.lake.store import AlreadyThere, Remote
from spotify_assets.storage.renamed import current

FILE, FOLDER = "revisions.jsonl", "revisions"


@dataclass(frozen=True)
class Revision:
    """A partition that holds other rows than before.

    Attributes:
        revised_at: When (UTC).
        table_name: Table, as `layer.table`.
        genre: Its genre.
        date: Its day.
        code_version: Of the code that made the new rows.
        rows_before: How many it had.
        rows_after: How many it has.
        rows_added: Of these, how many were not there before just so.
        rows_removed: Of those before, how many are not there any more just so.
    """

    revised_at: str
    table_name: str
    genre: str
    date: str
    code_version: str
    rows_before: int
    rows_after: int
    rows_added: int
    rows_removed: int


def compared(before: pl.DataFrame, after: pl.DataFrame) -> Revised:
    """What a rewrite changes; rows are compared as a whole, and as often as they stand."""
    old, new = (_counted(rows) for rows in (before, after))
    return Revised(before.height, _more(new, old), _more(old, new))


def note(
    lake: Lake, table: str, genre_day: GenreDay, rows: int, revised: Revised, code_version: str
) -> None:
    """Keep a revision; called before the rows take their place, so that none goes unnoted.

    Args:
        lake: Where.
        table: As `layer.table`.
        genre_day: Of which day.
        rows: How many it has from then on.
        revised: What that changes.
        code_version: Of the code that made them.

    Raises:
        LakeError: It cannot be written.
    """
    revision = Revision(
        dt.datetime.now(dt.UTC).isoformat(),
        table,
        genre_day.genre,
        genre_day.date.isoformat(),
        code_version,
        revised.rows_before,
        rows,
        revised.rows_added,
        revised.rows_removed,
    )
    line = json.dumps(asdict(revision), ensure_ascii=False).encode()
    if store := lake.remote:
        _create_next(store, line)
        return
    path = lake.root / FILE
    with writing(path, "a revision"), path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def revisions(lake: Lake, after: int = 0) -> Iterator[tuple[int, Revision]]:
    """The revisions with their numbers, from 1, after a number.

    Raises:
        DamagedFile: A line is not one that was written.
    """
    for number, line in _numbered(lake, after):
        try:
            told = Revision(**json.loads(line))
            yield number, replace(told, table_name=current(told.table_name))
        except (ValueError, TypeError) as error:
            raise DamagedFile(
                lake.root / FILE, "written", f"delete its line {number}; what it told is lost"
            ) from error


def _numbered(lake: Lake, after: int) -> Iterator[tuple[int, bytes]]:
    if store := lake.remote:
        for key in store.keys(FOLDER, _key(after)):
            yield int(key.rpartition("/")[2].partition(".")[0]), store.get(key)
        return
    path = lake.root / FILE
    # A line that was cut by a kill is of a revision that was not made.
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    yield from list(enumerate(lines, start=1))[after:]


def _create_next(store: Remote, line: bytes) -> None:
    keys = store.keys(FOLDER)
    number = int(keys[-1].rpartition("/")[2].partition(".")[0]) if keys else 0
    while True:
        number += 1
        with suppress(AlreadyThere):
            store.create(_key(number), line)
            return


def _key(number: int) -> str:
    return f"{FOLDER}/{number:010d}.json"


def _counted(rows: pl.DataFrame) -> dict[int, int]:
    hashes = rows.hash_rows().value_counts()
    return dict(hashes.iter_rows())


def _more(these: dict[int, int], than: dict[int, int]) -> int:
    return sum(max(0, number - than.get(key, 0)) for key, number in these.items())
