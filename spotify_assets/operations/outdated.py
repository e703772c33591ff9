"""Which genre-days an older version of the code made.

Belongs here: finding them. Does not belong here: what a version is (``transforms.version``).
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.raw import RawPartition
from spotify_assets.transforms.version import code_version
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.reading import read_only

# Grain: one genre-day.
SQL = """
SELECT genre, date FROM processed.extracts
WHERE code_version IS DISTINCT FROM ?
ORDER BY date DESC, genre"""
# A file of the time before there were versions is older as a whole.
ALL = "SELECT genre, date FROM processed.extracts ORDER BY date DESC, genre"


def outdated(lake: Lake, database: Path, most: int) -> list[GenreDay]:
    """At most so many, the newest first; none where nothing is published yet.

    What raw does not hold is left out: it cannot be made again, and would keep older days waiting.
    """
    held = (day for day in _published(database) if RawPartition(lake, day).is_finished())
    return list(islice(held, most))


def _published(database: Path) -> Iterator[GenreDay]:
    try:
        with read_only(database) as connection:
            try:
                rows = connection.execute(SQL, [code_version()]).fetchall()
            except duckdb.BinderException:
                rows = connection.execute(ALL).fetchall()
    except WarehouseError:
        return
    for genre, date in rows:
        yield GenreDay(genre, date)
