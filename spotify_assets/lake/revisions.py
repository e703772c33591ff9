"""Which partitions were rewritten after they had been written: the corrections of the past.

Belongs here: noting a revision. Does not belong here: why it was made.
"""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from spotify_assets.lake.errors import DamagedFile, writing
from spotify_assets.lake.layout import GenreDay, Lake
from spotify_assets.storage.renamed import current

FILE = "revisions.jsonl"


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


def compared(
    table: str, genre_day: GenreDay, before: pl.DataFrame, after: pl.DataFrame, code_version: str
) -> Revision:
    """What a rewrite changes; rows are compared as a whole, and as often as they stand."""
    old, new = (_counted(rows) for rows in (before, after))
    return Revision(
        dt.datetime.now(dt.UTC).isoformat(),
        table,
        genre_day.genre,
        genre_day.date.isoformat(),
        code_version,
        before.height,
        after.height,
        rows_added=_more(new, old),
        rows_removed=_more(old, new),
    )


def note(lake: Lake, revision: Revision) -> None:
    """Keep a revision; called before the rows take their place, so that none goes unnoted.

    Raises:
        LakeError: It cannot be written.
    """
    path = lake.root / FILE
    with writing(path, "a revision"), path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(asdict(revision), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def revisions(lake: Lake, after: int = 0) -> Iterator[tuple[int, Revision]]:
    """The revisions with their numbers, from 1, after a number.

    Raises:
        DamagedFile: A line is not one that was written.
    """
    path = lake.root / FILE
    if not path.exists():
        return
    for number, line in enumerate(_lines(path), start=1):
        if number > after:
            try:
                told = Revision(**json.loads(line))
                yield number, replace(told, table_name=current(told.table_name))
            except (ValueError, TypeError) as error:
                raise DamagedFile(
                    path, "written", f"delete its line {number}; what it told is lost"
                ) from error


def _lines(path: Path) -> list[bytes]:
    # A line that was cut by a kill is of a revision that was not made.
    return path.read_bytes().split(b"\n")[:-1]


def _counted(rows: pl.DataFrame) -> dict[int, int]:
    hashes = rows.hash_rows().value_counts()
    return dict(hashes.iter_rows())


def _more(these: dict[int, int], than: dict[int, int]) -> int:
    return sum(max(0, number - than.get(key, 0)) for key, number in these.items())
