"""Whose turn it is: the genres that are collected next.

Belongs here: choosing, from how things stand. Does not belong here: starting anything.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from spotify_assets.operations.due import Due
from spotify_assets.operations.status import Status
from spotify_assets.sources.spotify_api.queue import Planned

MAX_ATTEMPTS = 3
"""A genre that fails so often on a day is left to a person; its alert stays open."""


@dataclass(frozen=True)
class NextBatch:
    """Which genres are collected now, or why none is."""

    genres: list[str] = field(default_factory=list)
    reason: str = ""


def next_batch(
    status: Status,
    attempts: Mapping[str, int],
    running: Collection[str],
    *,
    most: int,
    within: dt.timedelta,
) -> NextBatch:
    """The next genres: those with the fewest attempts today, then the stalest.

    A genre that keeps failing so comes after all others, and starves none.

    Args:
        status: The queue, with when the budget allows each genre.
        attempts: How often each genre was tried today.
        running: Genres that a run works on, or that wait for one.
        most: How many genres may be under way at a time.
        within: What cannot be collected within this time has no turn now.
    """
    waiting = [
        (due, planned)
        for due, planned in status.queue
        if due.genre_day.genre not in running
        and attempts.get(due.genre_day.genre, 0) < MAX_ATTEMPTS
    ]
    if not waiting:
        return NextBatch(reason=_none_waits(status, attempts, running))
    if len(running) >= most:
        return NextBatch(reason=f"{len(running)} genres are being collected: {', '.join(running)}.")
    possible = [
        due for due, planned in waiting if planned.done_in_seconds <= within.total_seconds()
    ]
    if not possible:
        return NextBatch(reason=_too_early(status, waiting))
    # Sorting keeps the order of the queue where the attempts are equal.
    possible.sort(key=lambda due: attempts.get(due.genre_day.genre, 0))
    return NextBatch([due.genre_day.genre for due in possible[: most - len(running)]])


def _none_waits(status: Status, attempts: Mapping[str, int], running: Collection[str]) -> str:
    given_up = [genre for genre, times in attempts.items() if times >= MAX_ATTEMPTS]
    failed = sorted(
        due.genre_day.genre
        for due, _ in status.queue
        if due.genre_day.genre in given_up and due.genre_day.genre not in running
    )
    said = []
    if running:
        said.append(f"being collected: {', '.join(sorted(running))}")
    if failed:
        said.append(f"failed {MAX_ATTEMPTS} times today, left to you: {', '.join(failed)}")
    return f"Nothing is due on {status.at.date()}" + "".join(f"; {one}" for one in said) + "."


def _too_early(status: Status, waiting: list[tuple[Due, Planned]]) -> str:
    due, planned = min(waiting, key=lambda one: one[1].done_in_seconds)
    at = status.at + dt.timedelta(seconds=planned.done_in_seconds)
    blocks = "; ".join(f"{block.endpoint}: {block.reason}" for block in status.blocks)
    why = f" ({blocks})" if blocks else ""
    return (
        f"The API's limits allow {due.genre_day.genre}, the next one, at "
        f"{at:%Y-%m-%d %H:%M} UTC{why}."
    )
