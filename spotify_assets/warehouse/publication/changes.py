"""What a publication has to bring: the difference between the lake and the published file.

Belongs here: finding it. Does not belong here: what the file was made from (``state``), and
bringing it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from spotify_assets.lake import Lake
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.lake.history import bring_up_to_date
from spotify_assets.schemas import LAKE, Contract
from spotify_assets.warehouse.publication import catalog, partitions
from spotify_assets.warehouse.publication.comments import Comments
from spotify_assets.warehouse.publication.domain import Domain, DomainChange, domain_changes
from spotify_assets.warehouse.publication.listening import Listening
from spotify_assets.warehouse.publication.partitions import News
from spotify_assets.warehouse.publication.predictions import Predictions
from spotify_assets.warehouse.publication.releases import Releases
from spotify_assets.warehouse.publication.state import State

DOMAINS: tuple[type[Domain], ...] = (Listening, Releases, Comments, Predictions)
"""Each that is loaded whole, after those that it follows."""

Logs = Mapping[type[Contract], Callable[[int], pl.DataFrame]]
"""For each table that only grows, its rows after a number: that of its first column."""


@dataclass(frozen=True)
class Changes:
    """What the lake and the logs have that the file does not."""

    news: News
    held: pl.DataFrame
    """The partitions that the file holds of the days that may have changed."""
    damaged: pl.DataFrame
    """Files that are known to be damaged before anything is loaded, as `DamagedFiles`."""
    news_of_damage: bool
    """Whether the published file names others."""
    moved: pl.DataFrame
    """As `partitions.moved` gives them."""
    domains: dict[type[Domain], DomainChange]
    """Of each domain that is loaded whole."""
    grown: dict[type[Contract], pl.DataFrame]
    """The rows of each log that the file does not hold, where there are any."""

    @classmethod
    def of(cls, lake: Lake, state: State, logs: Logs, domains: Sequence[type[Domain]]) -> "Changes":
        """Compare them; arguments as `publish.publish` has them."""
        news = partitions.news(lake, state.commits, state.damaged)
        held = state.partitions(news.days)
        files = {domain: domain.there(lake) for domain in domains}
        there = pl.concat(frame.select("file") for frame in (news.partitions, *files.values()))
        known = state.damaged.join(there, on="file", how="semi")
        damaged = _still_damaged(lake, known, domains).sort("file")
        rows = {contract: after(state.last.get(contract, 0)) for contract, after in logs.items()}
        return cls(
            news=news,
            held=held,
            damaged=damaged,
            news_of_damage=set(damaged["file"]) != set(state.damaged["file"]),
            moved=partitions.moved(news.partitions, held),
            domains=domain_changes(files, state.made_from, damaged),
            grown={contract: frame for contract, frame in rows.items() if frame.height},
        )

    @property
    def are_none(self) -> bool:
        """Whether the file is as it would be made now."""
        changed = partitions.difference(
            self.news.partitions, self.held, self.news.incomplete, self.damaged
        )
        is_same = changed.is_empty() and self.moved.is_empty()
        is_other = any(change.is_changed for change in self.domains.values())
        return is_same and not (self.news_of_damage or self.grown or is_other)


def is_behind(lake: Lake, path: Path) -> bool:
    """Whether the lake has what the file at ``path`` has not, or has otherwise.

    Something may stop a run between the two: a kill, a full disk. Of the logs nothing is said.
    """
    bring_up_to_date(lake)
    lake_of_comments.bring_up_to_date(lake)
    state = State.of(path, [domain.sources for domain in DOMAINS])
    return not Changes.of(lake, state, {}, DOMAINS).are_none


def _still_damaged(
    lake: Lake, known: pl.DataFrame, domains: Sequence[type[Domain]]
) -> pl.DataFrame:
    """Those of the files that cannot be loaded now either; they are few, and each is tried.

    By their times alone it would not be known: a disk may have failed for a moment.
    """
    of_table = {table: domain for domain in domains for table in domain.lake_tables}
    still = [
        of_table[table].is_damaged(lake, file)
        if table in of_table
        else catalog.refused(LAKE[table], *lake.fetched([file])) is not None
        for file, table in known.select("file", "table_name").iter_rows()
    ]
    return known.filter(pl.Series(still, dtype=pl.Boolean))
