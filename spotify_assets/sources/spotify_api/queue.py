"""When each genre that is due can be collected, as far as the budget is known.

The queue is worked off in its order. Within a genre the search comes first, from the top of the
list down, because the rankings need it; what is looked up of its artists comes after.

Belongs here: how many calls a genre needs, and the times that follow. Does not belong here: which
genres are due, and in what order.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.sources.spotify_api.budget import WINDOW_SECONDS
from spotify_assets.sources.spotify_api.ledger import DAY_SECONDS
from spotify_assets.sources.spotify_api.modes import PAGE_SIZE, Mode

LARGEST_BATCH = 50


@dataclass(frozen=True)
class Room:
    """What may be asked of a family of requests.

    Attributes:
        per_day: Calls in 24 hours; ``None`` where there is no limit.
        ages: Seconds since each call of the last 24 hours.
        blocked_seconds: How long no call may be sent.
    """

    per_day: int | None = None
    ages: Sequence[float] = ()
    blocked_seconds: float = 0.0


@dataclass(frozen=True)
class Planned:
    """When a genre will have been collected.

    Attributes:
        genre: The genre.
        calls: Calls that it still needs, by family.
        done_in_seconds: How long until then.
    """

    genre: str
    calls: Mapping[str, int]
    done_in_seconds: float


def calls_needed(
    terms: CollectionParameters, mode: Mode | None, held: Mapping[str, int]
) -> dict[str, int]:
    """Calls that a genre-day needs, by family; those for artists are at most so many.

    Args:
        terms: What is wanted.
        mode: Which API the app has.
        held: Calls of each family that are answered already.
    """
    size = PAGE_SIZE[mode or "extended"]
    needed = {"search": -(-max(terms.artists, terms.tracks) // size)}
    if mode != "development":
        needed["artists"] = -(-terms.tracks // LARGEST_BATCH)
    left = {family: calls - held.get(family, 0) for family, calls in needed.items()}
    return {family: calls for family, calls in left.items() if calls > 0}


def plan(
    needs: Iterable[tuple[str, Mapping[str, int]]],
    rooms: Mapping[str, Room],
    per_window: int | None,
) -> list[Planned]:
    """When each genre of the queue is done, one after the other.

    Args:
        needs: Each genre with the calls that it needs, in order.
        rooms: What may be asked of each family; one that is not named has no limit.
        per_window: Calls of all families in 30 seconds; ``None`` where there is no limit.
    """
    pace = WINDOW_SECONDS / per_window if per_window else 0.0
    families = {family: _Family(room) for family, room in rooms.items()}
    now, planned = 0.0, []
    for genre, calls in needs:
        done = now
        for family, number in calls.items():
            room = families.setdefault(family, _Family(Room()))
            for _ in range(number):
                # A family that must wait holds up its genre, not the other family's calls.
                now += pace
                done = max(done, room.take(now))
        planned.append(Planned(genre, calls, done))
    return planned


@dataclass
class _Family:
    room: Room
    sent: deque[float] = field(default_factory=deque)
    """When the calls that count were sent, in seconds from now; the oldest first."""

    def __post_init__(self) -> None:
        self.sent.extend(sorted(-age for age in self.room.ages))

    def take(self, now: float) -> float:
        """When one more call can be sent."""
        at = max(now, self.room.blocked_seconds, self.sent[-1] if self.sent else now)
        if self.room.per_day is not None:
            while len(self.sent) >= self.room.per_day:
                at = max(at, self.sent.popleft() + DAY_SECONDS)
        self.sent.append(at)
        return at
