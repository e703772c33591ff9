"""What the published file was made from: what a publication compares the lake with.

Belongs here: reading it off the file. Does not belong here: the lake, and what follows from a
difference.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.schemas import LOGS, Contract
from spotify_assets.schemas.monitoring import DamagedFiles, Definition, LakeCommits, Partitions

log = logging.getLogger(__name__)


def _nothing(contract: type[Contract]) -> pl.DataFrame:
    return pl.DataFrame(schema=contract.polars_schema())


@dataclass(frozen=True)
class State:
    """The published file; the default is that there is none which could be gone on from."""

    path: Path
    is_there: bool = False
    commits: pl.DataFrame = field(default_factory=lambda: _nothing(LakeCommits))
    """Up to where the lake's log was loaded, as `LakeCommits`."""
    damaged: pl.DataFrame = field(default_factory=lambda: _nothing(DamagedFiles))
    """What it lacks, as `DamagedFiles`."""
    made_from: dict[type[Contract], pl.DataFrame] = field(default_factory=dict)
    """Of each domain, by its `Domain.sources`, the files that its tables were made from."""
    last: dict[type[Contract], int] = field(default_factory=dict)
    """The number of the last row of each log; of those that have none yet, it is missing."""

    @classmethod
    def of(
        cls, path: Path, sources: Iterable[type[Contract]], definition: str | None = None
    ) -> "State":
        """Read it; a file that cannot be gone on from will be made again from the lake.

        Args:
            path: The DuckDB file.
            sources: Of each domain, `Domain.sources`.
            definition: What the file must have been made by; where there is none, any will do.
        """
        none = cls(path, made_from={contract: _nothing(contract) for contract in sources})
        if not path.exists():
            return none
        try:
            with duckdb.connect(path, read_only=True) as connection:
                made_by = connection.table(Definition.table()).fetchone()
                if definition is not None and made_by != (definition,):
                    log.info("%s is made again from the lake: its contracts have changed.", path)
                    return none
                read: tuple[type[Contract], ...] = (LakeCommits, DamagedFiles, *none.made_from)
                held = {one: connection.table(one.table()).pl() for one in read}
                last = {contract: _last(connection, contract) for contract in LOGS}
        except duckdb.Error as error:
            log.warning("%s is made again from the lake: it cannot be read (%s).", path, error)
            return none
        return cls(
            path,
            True,
            commits=held.pop(LakeCommits),
            damaged=held.pop(DamagedFiles),
            made_from=held,
            last=last,
        )

    def partitions(self, days: pl.DataFrame) -> pl.DataFrame:
        """The partitions of some genre-days that it holds, as `Partitions`."""
        # To hand over no rows takes longer than all else where nothing is new: it loads pandas.
        if not self.is_there or days.is_empty():
            return _nothing(Partitions)
        with duckdb.connect(self.path, read_only=True) as connection:
            connection.register("days", days.to_arrow())
            return connection.sql(
                "FROM monitoring.partitions SEMI JOIN days USING (genre, date)"
            ).pl()


def _last(connection: duckdb.DuckDBPyConnection, contract: type[Contract]) -> int:
    (number,) = connection.table(contract.table()).max(contract.columns()[0].name).fetchall()[0]
    return number or 0
