"""Part of the bench ``limits``: how long collecting takes where the API enforces a rate limit.

Each line has a sandbox and a ledger of its own; they run at the same time, because they wait for
nearly all of it.
"""

import datetime as dt
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from benchmarks.collecting import Task
from benchmarks.fewest import fewest
from benchmarks.measuring import run
from benchmarks.reporting import caption, say, table, verdict
from spotify_assets.lake import GenreDay
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.sandbox import api, server
from spotify_assets.sandbox.behaviour import Behaviour
from spotify_assets.sandbox.catalog import Catalog
from spotify_assets.sandbox.families import TOKEN
from spotify_assets.sandbox.log import Entry
from spotify_assets.sources.spotify_api.budget import Limits

PER_WINDOW, WINDOW_S = 60, 30.0
TRACKS = 1000
DAY = dt.date(2026, 1, 1)
TARGET_RATIO, TARGET_REFUSED = 1.1, 0.01
TOO_MANY = 429


@dataclass(frozen=True)
class Line:
    """A way to collect, and what came of it."""

    title: str
    wall_s: float
    statuses: list[int | None]
    """Of all API requests."""

    @property
    def refused(self) -> int:
        """Requests that were answered 429."""
        return self.statuses.count(TOO_MANY)

    @property
    def refused_share(self) -> float:
        """Of all requests."""
        return self.refused / len(self.statuses)


def measured(music: Catalog, genres: Sequence[str], folder: Path) -> Table:
    """Genre-days in development mode, by one process and by several that share the ledger."""
    ways = [
        (f"{knows}, {processes} process{'es' * (processes > 1)}", limits, processes)
        for processes in (1, len(genres))
        for knows, limits in (("knows nothing", Limits()), ("configured", Limits(PER_WINDOW)))
    ]
    least = sum(
        fewest(music, "development", GenreDay(genre, DAY), 0, TRACKS).requests for genre in genres
    )
    ideal_s = least / PER_WINDOW * WINDOW_S
    say(f"limits: {least} requests at {PER_WINDOW} in {WINDOW_S:.0f} s, about {ideal_s:.0f} s")
    with ThreadPoolExecutor(len(ways)) as pool:
        lines = list(
            pool.map(
                lambda number, way: _line(music, genres, folder / f"pace-{number}", *way),
                range(len(ways)),
                ways,
            )
        )
    return _table(lines, least, ideal_s)


def _line(
    music: Catalog,
    genres: Sequence[str],
    folder: Path,
    title: str,
    limits: Limits,
    processes: int,
) -> Line:
    behaviour = Behaviour(mode="development", rate_limit=PER_WINDOW, window_s=WINDOW_S)
    application = api.create_app(music, behaviour=behaviour)
    terms, days = (
        CollectionParameters("sandbox", "BR", 0, TRACKS),
        [GenreDay(genre, DAY) for genre in genres],
    )
    with server.running(application) as sandbox, ThreadPoolExecutor(processes) as pool:
        tasks = [
            Task(sandbox.url, folder, terms, days[number::processes], limits)
            for number in range(processes)
        ]
        begun = time.perf_counter()
        list(pool.map(lambda task: run(task.command()), tasks))
        wall_s = time.perf_counter() - begun
        entries: list[Entry] = application.state.log.since()
    return Line(title, wall_s, [entry.status for entry in entries if entry.family != TOKEN])


def _table(lines: list[Line], least: int, ideal_s: float) -> Table:
    shown = table(
        f"limits: {least} requests where the API answers {PER_WINDOW} in {WINDOW_S:.0f} s",
        "client",
        "sent",
        "answered 429",
        "share",
        "wall s",
        f"of {ideal_s:.0f} s",
    )
    for line in lines:
        shown.add_row(
            line.title,
            str(len(line.statuses)),
            str(line.refused),
            f"{line.refused_share:.1%}",
            f"{line.wall_s:.1f}",
            f"{line.wall_s / ideal_s:.2f}",
        )
    slowest = max(line.wall_s for line in lines) / ideal_s
    refused = max(line.refused_share for line in lines)
    return caption(
        shown,
        [
            verdict(
                f"slowest, of requests ÷ limit × {WINDOW_S:.0f} s",
                f"{slowest:.2f}",
                f"≤ {TARGET_RATIO}",
                is_met=slowest <= TARGET_RATIO,
            ),
            verdict(
                "most answered 429",
                f"{refused:.1%}",
                f"≤ {TARGET_REFUSED:.0%}",
                is_met=refused <= TARGET_REFUSED,
            ),
        ],
    )
