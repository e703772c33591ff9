"""What a publication has to bring: the difference between the lake and the published file.

Belongs here: finding it. Does not belong here: what the file was made from (``state``), and
bringing it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from spotify_assets.lake import Lake
from spotify_assets.lake import comments as lake_of_comments
from spotify_assets.lake.history import STREAM_MODELS, STREAM_PREDICTIONS, bring_up_to_date
from spotify_assets.lake.release_files import RELEASE_FILES
from spotify_assets.schemas import LAKE, Contract
from spotify_assets.warehouse.publication import catalog, partitions
from spotify_assets.warehouse.publication import comments as of_comments
from spotify_assets.warehouse.publication import listening as plays
from spotify_assets.warehouse.publication import predictions as estimates
from spotify_assets.warehouse.publication import releases as downloads
from spotify_assets.warehouse.publication.listening import Listening
from spotify_assets.warehouse.publication.partitions import News
from spotify_assets.warehouse.publication.state import State

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
    history: pl.DataFrame | None
    """The files of the listening history; none where the tables of plays must stay as they are."""
    history_changed: bool
    """Whether the tables of plays were made from others."""
    releases: pl.DataFrame | None
    """The files of releases, where their tables were made from others and can be made again."""
    comments: pl.DataFrame | None
    """The files of comments; none where their tables must stay as they are."""
    comments_changed: bool
    """Whether the tables of comments were made from others, or from other releases."""
    predictions: pl.DataFrame
    """The files of models and predictions that are sound."""
    predictions_changed: bool
    """Whether the tables of predictions were made from others."""
    grown: dict[type[Contract], pl.DataFrame]
    """The rows of each log that the file does not hold, where there are any."""

    @classmethod
    def of(cls, lake: Lake, state: State, logs: Logs, listening: Listening | None) -> "Changes":
        """Compare them; arguments as `publish.publish` has them."""
        news = partitions.news(lake, state.commits, state.damaged)
        held = state.partitions(news.days)
        files = plays.there(lake)
        of_releases = downloads.there(lake)
        commented = of_comments.there(lake)
        predicted = estimates.there(lake)
        every = (news.partitions, files, of_releases, commented, predicted)
        there = pl.concat(frame.select("file") for frame in every)
        known = state.damaged.join(there, on="file", how="semi")
        damaged = _still_damaged(lake, known).sort("file")
        is_same = files.sort("file").equals(state.history.sort("file"))
        is_hindered = not damaged.join(files, on="file", how="semi").is_empty()
        are_sound = damaged.join(of_releases, on="file", how="semi").is_empty()
        are_others = are_sound and not of_releases.equals(state.releases.sort("file"))
        can_be_told = damaged.join(commented, on="file", how="semi").is_empty()
        is_told_otherwise = are_others or not commented.equals(state.comments.sort("file"))
        sound = predicted.join(damaged, on="file", how="anti").sort("file")
        rows = {contract: after(state.last.get(contract, 0)) for contract, after in logs.items()}
        can_be_made = listening is not None and not is_hindered
        return cls(
            news=news,
            held=held,
            damaged=damaged,
            news_of_damage=set(damaged["file"]) != set(state.damaged["file"]),
            moved=partitions.moved(news.partitions, held),
            history=files if can_be_made else None,
            history_changed=can_be_made and not is_same,
            releases=of_releases if are_others else None,
            comments=commented if can_be_told else None,
            comments_changed=can_be_told and is_told_otherwise,
            predictions=sound,
            predictions_changed=not sound.equals(state.predictions.sort("file")),
            grown={contract: frame for contract, frame in rows.items() if frame.height},
        )

    @property
    def are_none(self) -> bool:
        """Whether the file is as it would be made now."""
        changed = partitions.difference(
            self.news.partitions, self.held, self.news.incomplete, self.damaged
        )
        is_same = changed.is_empty() and self.moved.is_empty() and self.releases is None
        is_other = self.history_changed or self.comments_changed or self.predictions_changed
        return is_same and not (self.news_of_damage or self.grown or is_other)


def is_behind(lake: Lake, path: Path) -> bool:
    """Whether the lake has what the file at ``path`` has not, or has otherwise.

    Something may stop a run between the two: a kill, a full disk. Of the logs nothing is said.
    """
    bring_up_to_date(lake)
    lake_of_comments.bring_up_to_date(lake)
    state = State.of(path)
    changes = Changes.of(lake, state, {}, None)
    is_same = plays.there(lake).sort("file").equals(state.history.sort("file"))
    # A damaged file stays behind until it is made again.
    return not changes.are_none or not (is_same or changes.damaged.height)


def _still_damaged(lake: Lake, known: pl.DataFrame) -> pl.DataFrame:
    """Those of the files that cannot be loaded now either; they are few, and each is tried.

    By their times alone it would not be known: a disk may have failed for a moment.
    """
    still = []
    for file, table, genre in known.select("file", "table_name", "genre").iter_rows():
        if table == RELEASE_FILES:
            still.append(downloads.is_damaged(lake, file))
        elif table == of_comments.TABLE:
            still.append(of_comments.is_damaged(lake, file))
        elif table in (STREAM_MODELS, STREAM_PREDICTIONS):
            still.append(estimates.is_damaged(lake, file))
        elif genre is None:
            still.append(plays.is_damaged(lake, file))
        else:
            still.append(catalog.refused(LAKE[table], *lake.fetched([file])) is not None)
    return known.filter(pl.Series(still, dtype=pl.Boolean))
