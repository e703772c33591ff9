"""How things stand: the app and its budget, what is blocked, and when each genre comes.

Belongs here: gathering it. Does not belong here: how it is shown.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from spotify_assets.lake import Lake
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition
from spotify_assets.operations.due import Due, due
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.budget import WINDOW_SECONDS, Budget
from spotify_assets.sources.spotify_api.ledger import (
    DAY_SECONDS,
    EVERY_FAMILY,
    Block,
    KnownMode,
    Ledger,
)
from spotify_assets.sources.spotify_api.queue import Planned, Room, calls_needed, plan
from spotify_assets.storage.clock import Clock


@dataclass(frozen=True)
class FamilyUse:
    """What one family of requests has been asked.

    Attributes:
        endpoint: The family.
        used: Calls in the last 24 hours.
        per_day: How many the budget allows; ``None`` where there is no limit.
    """

    endpoint: str
    used: int
    per_day: int | None


@dataclass(frozen=True)
class Status:
    """How things stand.

    Attributes:
        at: When that was (UTC).
        mode: Which API the app was found to have; ``None`` before its first answer.
        in_window: Calls in the last 30 seconds.
        per_window: How many the limit allows; ``None`` where there is no limit.
        families: What was asked in the last 24 hours.
        blocks: What the API does not want to be asked.
        queue: The genres that are due, each with when it will have been collected.
        workers: What each process works on, by its name ``host/pid``.
    """

    at: dt.datetime
    mode: KnownMode | None
    in_window: int
    per_window: int | None
    families: list[FamilyUse]
    blocks: list[Block]
    queue: list[tuple[Due, Planned]]
    workers: dict[str, list[str]] = field(default_factory=dict)


@contextmanager
def _ledger(settings: Settings) -> Iterator[Ledger]:
    """The request ledger; an empty one elsewhere where there is none: who looks makes none."""
    with TemporaryDirectory() as elsewhere:
        is_there = settings.ledger.exists()
        place = settings.ledger if is_there else Path(elsewhere) / "ledger.sqlite"
        with closing(Ledger(place)) as ledger:
            yield ledger


def status(settings: Settings, clock: Clock | None = None) -> Status:
    """How things stand now.

    Raises:
        NoCredentials: Neither credentials nor a sandbox are set.
        LedgerError: The request ledger cannot be used.
    """
    connection = settings.connection
    with _ledger(settings) as ledger:
        clock = clock or ledger.clock
        now = clock.now()
        at = dt.datetime.fromtimestamp(now.wall, dt.UTC)
        budget = Budget(ledger, connection.app, connection.source, settings.limits, clock)
        mode = ledger.mode(connection.app)
        blocks = ledger.blocks(connection.app, now)
        used = ledger.families(connection.app, now, DAY_SECONDS)
        rooms = {
            family: Room(
                budget.per_day(family),
                ledger.ages(connection.app, now, DAY_SECONDS, family),
                max((b.seconds for b in blocks if b.endpoint in (family, EVERY_FAMILY)), default=0),
            )
            for family in {"search", "artists", *used}
        }
        terms = CollectionParameters(
            connection.source, settings.market, settings.artists, settings.tracks
        )
        waiting = due(settings.lake, settings.genres, at.date())
        known = None if mode is None else mode.mode
        needs = [
            (one.genre_day.genre, calls_needed(terms, known, _held(settings.lake, one)))
            for one in waiting
        ]
        per_window = budget.per_window(now)
        return Status(
            at,
            mode,
            len(ledger.ages(connection.app, now, WINDOW_SECONDS)),
            per_window,
            [FamilyUse(name, used.get(name, 0), room.per_day) for name, room in rooms.items()],
            blocks,
            list(zip(waiting, plan(needs, rooms, per_window), strict=True)),
            ledger.workers(),
        )


def _held(lake: Lake, one: Due) -> Counter[str]:
    """Answers of a genre-day that are there, by family."""
    return RawPartition(lake, one.genre_day).held() if one.is_under_way else Counter()
