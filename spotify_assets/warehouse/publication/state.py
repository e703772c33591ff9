"""What the published file was made from: what a publication compares the lake with.

Belongs here: reading it off the file. Does not belong here: the lake, and what follows from a
difference.
"""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from spotify_assets.schemas import LOGS, Contract
from spotify_assets.schemas.comments import CommentSources
from spotify_assets.schemas.monitoring import (
    DamagedFiles,
    Definition,
    HistoryFiles,
    LakeCommits,
    Partitions,
)
from spotify_assets.schemas.predictions import PredictionSources
from spotify_assets.schemas.releases import ReleaseSources

log = logging.getLogger(__name__)


_SOURCES = (
    *(LakeCommits, DamagedFiles, HistoryFiles, ReleaseSources, CommentSources),
    PredictionSources,
)
"""In the order in which `State` has them."""


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
    history: pl.DataFrame = field(default_factory=lambda: _nothing(HistoryFiles))
    """What the tables of plays were made from, as `HistoryFiles`."""
    releases: pl.DataFrame = field(default_factory=lambda: _nothing(ReleaseSources))
    """What the tables of releases were made from, as `ReleaseSources`."""
    comments: pl.DataFrame = field(default_factory=lambda: _nothing(CommentSources))
    """What the tables of comments were made from, as `CommentSources`."""
    predictions: pl.DataFrame = field(default_factory=lambda: _nothing(PredictionSources))
    """What the tables of predictions were made from, as `PredictionSources`."""
    last: dict[type[Contract], int] = field(default_factory=dict)
    """The number of the last row of each log; of those that have none yet, it is missing."""

    @classmethod
    def of(cls, path: Path, definition: str | None = None) -> "State":
        """Read it; a file that cannot be gone on from will be made again from the lake.

        Where no definition is given, any will do.
        """
        if not path.exists():
            return cls(path)
        try:
            with duckdb.connect(path, read_only=True) as connection:
                made_by = connection.table(Definition.table()).fetchone()
                if definition is not None and made_by != (definition,):
                    log.info("%s is made again from the lake: its contracts have changed.", path)
                    return cls(path)
                held = [connection.table(contract.table()).pl() for contract in _SOURCES]
                last = {contract: _last(connection, contract) for contract in LOGS}
        except duckdb.Error as error:
            log.warning("%s is made again from the lake: it cannot be read (%s).", path, error)
            return cls(path)
        commits, damaged, history, releases, comments, predictions = held
        return cls(
            path,
            True,
            commits=commits,
            damaged=damaged,
            history=history,
            releases=releases,
            comments=comments,
            predictions=predictions,
            last=last,
        )

    def partitions(self, days: pl.DataFrame) -> pl.DataFrame:
        """The partitions of some genre-days that it holds, as `Partitions`."""
        if not self.is_there:
            return _nothing(Partitions)
        with duckdb.connect(self.path, read_only=True) as connection:
            connection.register("days", days.to_arrow())
            return connection.sql(
                "FROM monitoring.partitions SEMI JOIN days USING (genre, date)"
            ).pl()


def _last(connection: duckdb.DuckDBPyConnection, contract: type[Contract]) -> int:
    (number,) = connection.table(contract.table()).max(contract.columns()[0].name).fetchall()[0]
    return number or 0
