"""listening.md, "The same play, told differently": steps 1 to 8, of exports."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from spotify_assets_tests.model.exports import Told

DAY, MINUTE_END, CLOSE = 24 * 3600.0, 59.0, 2.0


@dataclass(eq=False)
class Play:
    """One play, of the rows that tell of it."""

    told: list[Told]
    newest: dict[str, Any] = field(repr=False)
    """By file, the greater the newer."""

    @property
    def speaker(self) -> Told:
        """The row whose word counts."""
        return max(
            self.told,
            key=lambda row: (
                row.is_extended,
                row.uri is not None,
                self.newest[row.file_id],
                -row.line,
            ),
        )

    @property
    def files(self) -> set[str]:
        """Of all its rows."""
        return {row.file_id for row in self.told}

    @property
    def is_extended(self) -> bool:
        """Whether the extended history tells of it."""
        return any(row.is_extended for row in self.told)

    @property
    def is_in_account(self) -> bool:
        """Whether account data tells of it."""
        return any(not row.is_extended for row in self.told)


class Reconciliation:
    """All plays of some files, and what makes two of them one."""

    def __init__(self, files: Iterable[list[Told]]) -> None:
        """Begin with each row as a play of its own, but for rows that agree in all that is kept."""
        files = [rows for rows in files if rows]
        self.newest = {
            rows[0].file_id: (max(row.ended_at for row in rows), len(rows), rows[0].file_id)
            for rows in files
        }
        told = [row for rows in files for row in rows]
        self.items = items(told)
        self.thing = things(told, self.items)
        once: dict[Hashable, list[Told]] = defaultdict(list)
        for row in told:
            same = row.said if row.is_extended else row.line
            once[(row.file_id, same)].append(row)
        self.plays = [Play(rows, self.newest) for rows in once.values()]

    def reconciled(self) -> list[Play]:
        """The steps, from the surest to the least sure."""
        extended = [play for play in self.plays if play.is_extended]
        account = [play for play in self.plays if not play.is_extended]
        extended = self.numbered(
            extended,
            lambda play: (self.items[play.speaker], play.speaker.ended_at, play.speaker.ms),
        )
        extended = self.clustered(extended, near)
        overlapping = {pair for play in extended for pair in combinations(sorted(play.files), 2)}
        extended = self.clustered(extended, lambda one, other: late(one, other, overlapping))
        account = self.numbered(account, of_minute)
        plays = self.by_minute(extended, account)
        plays = self.clustered(plays, across(near_minute))
        plays = self.clustered(plays, across(late_minute, once=True))
        extended = [play for play in plays if play.is_extended]
        account = [play for play in plays if not play.is_extended]
        return [*extended, *self.clustered(account, near_account)]

    def numbered(self, plays: Sequence[Play], key: Callable[[Play], Hashable]) -> list[Play]:
        """Steps 1 and 4: of those alike, the n-th of each file is the n-th."""
        counted: Counter[Hashable] = Counter()
        found: dict[Hashable, list[Told]] = defaultdict(list)
        for play in sorted(plays, key=lambda play: play.speaker.line):
            (file,) = play.files
            counted[(file, key(play))] += 1
            found[(key(play), counted[(file, key(play))])] += play.told
        return [Play(told, self.newest) for told in found.values()]

    def by_minute(self, extended: Sequence[Play], account: Sequence[Play]) -> list[Play]:
        """Step 5: the n-th of the minute, in order of `ts`, is the n-th."""
        waiting = defaultdict(list)
        for play in sorted(account, key=lambda play: play.speaker.line):
            waiting[of_minute(play)].append(play)
        plays = []
        for play in sorted(extended, key=self.order):
            told = waiting[of_minute(play)]
            plays.append(Play(play.told + told.pop(0).told, self.newest) if told else play)
        return plays + [play for those in waiting.values() for play in those]

    def order(self, play: Play) -> tuple[Any, ...]:
        """Plays are in order of their end, then `ms_played`, then the item."""
        return (play.speaker.ended_at, play.speaker.ms, self.items[play.speaker])

    def clustered(
        self, plays: Sequence[Play], distance: Callable[[Play, Play], float | None]
    ) -> list[Play]:
        """Steps 2, 3, 6, 7 and 8: match one to one, in clusters of those that are candidates."""

        def allowed(one: Play, other: Play) -> float | None:
            if one.files & other.files or self.thing[one.speaker] != self.thing[other.speaker]:
                return None
            return distance(one, other)

        joined: dict[Play, Play] = {play: play for play in plays}
        for one, other in combinations(plays, 2):
            if allowed(one, other) is not None:
                joined[_root(joined, one)] = _root(joined, other)
        clusters: dict[Play, list[Play]] = defaultdict(list)
        for play in plays:
            clusters[_root(joined, play)].append(play)
        return [play for those in clusters.values() for play in self._gathered(those, allowed)]

    def _gathered(
        self, plays: list[Play], distance: Callable[[Play, Play], float | None]
    ) -> list[Play]:
        is_extended = {row.file_id: row.is_extended for play in plays for row in play.told}
        files = sorted(
            is_extended, key=lambda file: (is_extended[file], self.newest[file]), reverse=True
        )
        gathered: list[Play] = []
        left = list(plays)
        for file in files:
            those = sorted((play for play in left if file in play.files), key=self.order)
            left = [play for play in left if file not in play.files]
            gathered.sort(key=self.order)
            for one, other in matched(gathered, those, distance):
                one.told += other.told
                those.remove(other)
            gathered += those
        return gathered


def matched(
    ones: Sequence[Play], others: Sequence[Play], distance: Callable[[Play, Play], float | None]
) -> list[tuple[Play, Play]]:
    """Most matches, then the least sum of distances, then the earliest; none cross."""
    best: dict[tuple[int, int], tuple[int, float, list[tuple[Play, Play]]]] = {}
    for i in range(len(ones), -1, -1):
        for j in range(len(others), -1, -1):
            if i == len(ones) or j == len(others):
                best[i, j] = (0, 0.0, [])
                continue
            choices = [best[i + 1, j], best[i, j + 1]]
            if (cost := distance(ones[i], others[j])) is not None:
                count, sum_, pairs = best[i + 1, j + 1]
                choices.insert(0, (count + 1, sum_ - cost, [(ones[i], others[j]), *pairs]))
            # Of equals `max` takes the first: the earliest match.
            best[i, j] = max(choices, key=lambda choice: choice[:2])
    return best[0, 0][2]


def _root(joined: dict[Any, Any], one: Any) -> Any:
    while joined[one] != one:
        one = joined[one]
    return one


def items(told: Sequence[Told]) -> dict[Told, str]:
    """ "What was played": the text that identifies it."""
    with_uri: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for row in told:
        if row.uri:
            with_uri[(row.kind, row.names)][row.uri] += 1
    found = {}
    for row in told:
        known = with_uri.get((row.kind, row.names))
        if row.uri:
            found[row] = row.uri
        elif known and all(row.names):
            found[row] = max(known, key=lambda uri: (known[uri], uri))
        else:
            found[row] = "name:" + ":".join(row.names)
    return found


def things(told: Sequence[Told], named: dict[Told, str]) -> dict[Told, Hashable]:
    """The same item, the same normal artist and name, or a chain of these."""
    joined: dict[Hashable, Hashable] = {}
    for row in told:
        for one in (named[row], row.names):
            joined.setdefault(one, one)
        joined[_root(joined, row.names)] = _root(joined, named[row])
    return {row: _root(joined, named[row]) for row in told}


def _seconds(one: dt.datetime, other: dt.datetime) -> float:
    return (one - other).total_seconds()


def _overlaps(end: float, ms: int, other_end: float, other_ms: int) -> bool:
    """By at least half of the longer one."""
    shared = min(end, other_end) - max(end - ms / 1000, other_end - other_ms / 1000)
    return shared > 0 and shared >= max(ms, other_ms) / 2000


def near(one: Play, other: Play) -> float | None:
    """Step 2."""
    apart = _seconds(one.speaker.ended_at, other.speaker.ended_at)
    if abs(apart) <= CLOSE or _overlaps(apart, one.speaker.ms, 0, other.speaker.ms):
        return abs(apart)
    return None


def late(one: Play, other: Play, overlapping: set[tuple[str, str]]) -> float | None:
    """Step 3."""
    pairs = {(min(file, that), max(file, that)) for file in one.files for that in other.files}
    apart = abs(_seconds(one.speaker.ended_at, other.speaker.ended_at))
    is_late = one.speaker.ms == other.speaker.ms and apart <= DAY
    return apart if is_late and pairs & overlapping else None


def of_minute(play: Play) -> Hashable:
    """Steps 4 and 5."""
    row = play.speaker
    return (row.names, row.ended_at.replace(second=0), row.ms)


def across(
    distance: Callable[[Told, Told], float | None], *, once: bool = False
) -> Callable[[Play, Play], float | None]:
    """Steps 6 and 7; in 7 ``once``: where no account file tells of the extended play yet."""

    def of_plays(one: Play, other: Play) -> float | None:
        if one.is_extended == other.is_extended:
            return None
        extended, account = (one, other) if one.is_extended else (other, one)
        if once and extended.is_in_account:
            return None
        return distance(extended.speaker, account.speaker)

    return of_plays


def _from_minute(extended: Told, account: Told) -> float:
    """Seconds of the extended end after the nearest second of the minute."""
    after = _seconds(extended.ended_at, account.ended_at)
    return after - min(max(after, 0), MINUTE_END)


def near_minute(extended: Told, account: Told) -> float | None:
    """Step 6."""
    apart = _from_minute(extended, account)
    if abs(apart) <= CLOSE or _overlaps(apart, extended.ms, 0, account.ms):
        return abs(apart)
    return None


def late_minute(extended: Told, account: Told) -> float | None:
    """Step 7."""
    after = _seconds(extended.ended_at, account.ended_at)
    is_late = extended.ms == account.ms and -CLOSE <= after <= DAY
    return abs(_from_minute(extended, account)) if is_late else None


def near_account(one: Play, other: Play) -> float | None:
    """Step 8."""
    apart = _seconds(one.speaker.ended_at, other.speaker.ended_at)
    if apart == 0 or _overlaps(apart, one.speaker.ms, 0, other.speaker.ms):
        return abs(apart)
    return None
