"""Bench ``limits``: how well collecting keeps within the limits of the API.

Measured against the sandbox's own log: requests for a genre-day (here), the pace under an enforced
rate limit (``pace``), and what a spent quota leads to (``blocked``).
"""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from benchmarks import blocked, collecting, pace
from benchmarks.collecting import Task
from benchmarks.fewest import fewest, missed
from benchmarks.reporting import caption, say, table, verdict
from benchmarks.scale import Scale
from spotify_assets.lake import GenreDay
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.sandbox import api, catalog, server
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.families import TOKEN
from spotify_assets.sandbox.log import Entry
from spotify_assets.sandbox.modes import MODES, ModeName
from spotify_assets.sources.spotify_api.budget import Limits

GENRES = ("rock", "sertanejo", "hip hop")
SIZES = ((0, 100), (50, 100), (50, 500), (500, 1000), (1000, 1000))
"""Artists and tracks that are wanted."""
FIRST_DAY = dt.date(2026, 1, 1)
TARGET_OVER = 0.02
ANSWERED, REFUSED = 200, 400


def bench(scale: Scale, folder: Path) -> list[Table]:
    """Count, keep pace, be blocked."""
    music = catalog.generate(seed=1, tracks=scale.sandbox_tracks)
    tables = [_requests(music, folder)]
    # A smoke cannot wait for windows of 30 seconds.
    if not scale.is_smoke:
        tables.append(pace.measured(music, GENRES, folder))
    return [*tables, blocked.measured(music, folder)]


@dataclass
class _Line:
    """One size in one mode, over all genres."""

    mode: ModeName
    artists: int
    tracks: int
    sent: list[int] = field(default_factory=list)
    """For each genre, without the requests that taught the mode."""
    fewest: list[int] = field(default_factory=list)
    taught: int = 0
    missed: int = 0
    """Artists and tracks that there were and that did not come."""

    def add(self, music: Catalog, genre_day: GenreDay, asked: list[Entry]) -> None:
        """A genre-day, and all API requests for it."""
        wanted = self.artists, self.tracks
        taught = sum(entry.status == REFUSED for entry in asked)
        pages = [e.params for e in asked if e.family == "search" and e.status == ANSWERED]
        self.taught += taught
        self.sent.append(len(asked) - taught)
        self.fewest.append(fewest(music, self.mode, genre_day, *wanted).requests)
        self.missed += missed(music, genre_day, *wanted, pages)

    @property
    def over(self) -> float:
        """The largest part of a genre-day's requests that were needless."""
        return max(sent / least - 1 for sent, least in zip(self.sent, self.fewest, strict=True))


def _requests(music: Catalog, folder: Path) -> Table:
    lines = [line for mode in MODES for line in _counted(music, mode, folder / mode)]
    shown = table(
        "limits: API requests of a genre-day, sent / fewest possible; one client id a mode",
        "mode, artists + tracks",
        *GENRES,
        "most over",
        "taught the mode",
        "rows missed",
    )
    for line in lines:
        cells = [f"{sent}/{least}" for sent, least in zip(line.sent, line.fewest, strict=True)]
        shown.add_row(
            f"{line.mode}, {line.artists} + {line.tracks}",
            *cells,
            f"{line.over:.1%}",
            str(line.taught),
            str(line.missed),
        )
    worst = max(line.over for line in lines)
    sent = sum(sum(line.sent) + line.taught for line in lines)
    least, left = sum(sum(line.fewest) for line in lines), sum(line.missed for line in lines)
    return caption(
        shown,
        [
            _within("the worst genre-day, without what taught the mode", worst),
            _within(f"all with what taught the mode, {sent} for {least}", sent / least - 1),
            verdict("rows missed", str(left), "0", is_met=not left),
        ],
    )


def _within(what: str, over: float) -> str:
    return verdict(what, f"{over:.1%} over", f"≤ {TARGET_OVER:.0%}", is_met=over <= TARGET_OVER)


def _counted(music: Catalog, mode: ModeName, folder: Path) -> list[_Line]:
    """Each size on a day of its own, so that all share the ledger and know the mode."""
    say(f"limits: counting requests in {mode} mode")
    application = api.create_app(music, mode=mode)
    lines = []
    with server.running(application) as sandbox:
        for number, (artists, tracks) in enumerate(SIZES):
            line, day = _Line(mode, artists, tracks), FIRST_DAY + dt.timedelta(days=number)
            terms = CollectionParameters("sandbox", "BR", artists, tracks)
            for genre_day in (GenreDay(genre, day) for genre in GENRES):
                before = len(application.state.log)
                task = Task(
                    sandbox.url,
                    folder,
                    terms,
                    [genre_day],
                    Limits(None, per_day_in_development=None),
                )
                collecting.run(task)
                entries: list[Entry] = application.state.log.since(before)
                line.add(music, genre_day, [one for one in entries if one.family != TOKEN])
            lines.append(line)
    return lines
