"""A domain whose tables are loaded whole whenever a file of it in the lake changed.

Belongs here: what the publication asks of such a domain, and loading one. Does not belong here: the
tables and files of any (`listening`, `releases`, `comments`, `predictions`), and the catalog, which
is loaded by partitions.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import duckdb
import polars as pl

from spotify_assets.lake import DamagedFile, Lake
from spotify_assets.schemas import Contract
from spotify_assets.warehouse.publication.damage import damaged_files


@dataclass(frozen=True)
class Domain(ABC):
    """How the tables of a domain are made of its files in the lake."""

    version: str
    """Another one makes the warehouse again."""

    sources: ClassVar[type[Contract]]
    """The table that says what the others were made from; it begins with ``file``."""
    lake_tables: ClassVar[frozenset[str]]
    """Under which the lake has the files, and by which a damaged one is known."""
    follows: ClassVar[tuple[type["Domain"], ...]] = ()
    """Whose tables it reads: where those are made again, so are its own."""
    needs_every_file: ClassVar[bool] = True
    """Whether its tables stay as they were while a file is damaged; else they do without it."""

    @staticmethod
    @abstractmethod
    def there(lake: Lake) -> pl.DataFrame:
        """The files of the domain in the lake, as ``sources``."""

    @abstractmethod
    def load(self, connection: duckdb.DuckDBPyConnection, lake: Lake, files: pl.DataFrame) -> None:
        """Make all tables of the domain again.

        Args:
            connection: To the copy that will be published, in a transaction.
            lake: Holds the files.
            files: Of `there`.

        Raises:
            WarehouseError: A table breaks its contract.
            DamagedFile: A file is not as it was written.
        """

    @staticmethod
    @abstractmethod
    def is_damaged(lake: Lake, file: str) -> bool:
        """Whether a file of `there`, or what is known of it, cannot be read."""

    @classmethod
    def lake_table(cls, file: str, files: pl.DataFrame) -> str:  # noqa: ARG003 - some need them
        """Which of ``lake_tables`` a file of `there` is of."""
        [only] = cls.lake_tables
        return only

    @staticmethod
    def hit_by(lake: Lake, files: pl.DataFrame, error: DamagedFile) -> pl.DataFrame:
        """The files of `there` that cannot be loaded because of a damaged one."""
        return files.filter(pl.col("file") == lake.relative(error.path))

    def is_outdated(self, connection: duckdb.DuckDBPyConnection) -> bool:  # noqa: ARG002
        """Whether the tables have to be made again though no file changed."""
        return False


@dataclass(frozen=True)
class DomainChange:
    """What the lake has of a domain that the published file has not."""

    files: pl.DataFrame
    """Those to load, as `Domain.sources`."""
    is_changed: bool
    """Whether its tables were made from others."""
    can_be_made: bool
    """Whether none of the files that it needs is known to be damaged."""


def domain_changes(
    files: dict[type[Domain], pl.DataFrame],
    made_from: dict[type[Contract], pl.DataFrame],
    damaged: pl.DataFrame,
) -> dict[type[Domain], DomainChange]:
    """Compare the files that there are with those that the tables were made from.

    Args:
        files: Of each domain, as `Domain.there` gives them; it comes after those that it follows.
        made_from: Of each `Domain.sources`, its rows.
        damaged: Files that are known to be damaged, as `DamagedFiles`.
    """
    found: dict[type[Domain], DomainChange] = {}
    for domain, listed_files in files.items():
        there = listed_files.sort("file")
        sound = there.join(damaged, on="file", how="anti", maintain_order="left")
        can_be_made = not domain.needs_every_file or sound.height == there.height
        wanted = there if domain.needs_every_file else sound
        is_other = not wanted.equals(made_from[domain.sources].sort("file"))
        is_changed = is_other or any(
            found[one].is_changed for one in domain.follows if one in found
        )
        found[domain] = DomainChange(wanted, can_be_made and is_changed, can_be_made)
    return found


def load(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    domain: Domain,
    change: DomainChange,
    *,
    full_refresh: bool,
) -> pl.DataFrame:
    """Make the tables of a domain again, if they are not as they would be made now.

    Where a file is damaged that the domain needs, they stay as they were. A file that is made again
    has no such tables: there the damaged part alone is left out.

    Returns:
        The files that turned out to be damaged, as `DamagedFiles`.
    """
    damaged = damaged_files([])
    if not change.can_be_made or not (change.is_changed or domain.is_outdated(connection)):
        return damaged
    files = change.files
    while True:
        connection.begin()
        try:
            domain.load(connection, lake, files)
        except DamagedFile as error:
            connection.rollback()
            damaged = pl.concat([damaged, as_damaged(lake, domain, files, error)])
            if domain.needs_every_file and not full_refresh:
                return damaged
            files = files.join(domain.hit_by(lake, files, error), on="file", how="anti")
        else:
            connection.commit()
            return damaged


def as_damaged(lake: Lake, domain: Domain, files: pl.DataFrame, error: DamagedFile) -> pl.DataFrame:
    """The file that could not be read, as `DamagedFiles`."""
    exactly = files.filter(pl.col("file") == lake.relative(error.path))
    # Where what is damaged lies beside a file of the domain, that file stands for it.
    file, size = (
        pl.concat([exactly, domain.hit_by(lake, files, error)]).select("file", "bytes").row(0)
    )
    return damaged_files(
        [
            {
                "file": file,
                "table_name": domain.lake_table(file, files),
                "bytes": size,
                "genre": None,
                "date": None,
                "reason": str(error),
            }
        ]
    )


def listed(lake: Lake, paths: Iterable[Path], contract: type[Contract]) -> pl.DataFrame:
    """Files with their size and time, as a table of ``sources`` has them."""
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except FileNotFoundError:
            # Merged with others, or taken back, just now.
            continue
        found.append((lake.relative(path), stat.st_size, stat.st_mtime_ns))
    return pl.DataFrame(found, schema=contract.polars_schema(), orient="row").sort("file")
