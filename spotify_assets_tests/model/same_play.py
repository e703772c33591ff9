"""listening.md, "The same play, told differently": steps 1 to 8, of exports."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from itertools import combinations, permutations, product
from typing import Any, TypeVar

from spotify_assets_tests.model.exports import UNKNOWN, Told, normal
from spotify_assets_tests.model.known import Known, item_key

BEGIN = dt.datetime.fromisoformat("2006-01-01")
DAY, MINUTE_END, CLOSE = 24 * 3600.0, 59.0, 2.0
One = TypeVar("One")
Other = TypeVar("Other")
Distance = Callable[[Told, Told], float | None]
"""Of two rows that tell of one play, as far as a step says it; else none."""


@dataclass(eq=False)
class Play:
    """One play, of the rows that tell of it."""

    told: list[Told]
    newest: dict[str, int] = field(repr=False)
    """By file, the greater the newer."""

    @property
    def speaker(self) -> Told:
        """The row whose word counts."""
        return min(self.told, key=self.speaks)

    def speaks(self, row: Told) -> tuple[Any, ...]:
        """The smaller, the more its word counts."""
        return (not row.is_extended, row.uri is None, -self.newest[row.file_id], row.line)

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

    def __init__(self, files: Iterable[list[Told]], known: Known = Known()) -> None:  # noqa: B008
        """Begin with each row as a play of its own, but for rows that agree in all that is kept.

        Args:
            files: The readable rows of each.
            known: What others than exports say of the tracks.
        """
        files = [rows for rows in files if rows]
        by_age = sorted(
            (
                max(row.ended_at for row in rows),
                len(rows),
                sum(row.ms for row in rows),
                sum((row.ended_at - BEGIN for row in rows), dt.timedelta()),
                rows[0].file_id,
            )
            for rows in files
        )
        self.newest = {file_id: number for number, (*_, file_id) in enumerate(by_age)}
        told = [row for rows in files for row in rows]
        self.items = items(told, known)
        self.things = Things(self.items, known)
        once: dict[Hashable, list[Told]] = defaultdict(list)
        for row in told:
            same = row.said if row.is_extended else row.line
            once[(row.file_id, same)].append(row)
        self.plays = [Play(rows, self.newest) for rows in once.values()]

    def reconciled(self) -> list[Play]:
        """The steps, from the surest to the least sure."""
        extended = [play for play in self.plays if play.is_extended]
        account = [play for play in self.plays if not play.is_extended]
        extended = self.numbered(extended, self.of_second)
        extended = self.matched(extended, near, of=(True, True))
        overlapping = {pair for play in extended for pair in permutations(play.files, 2)}
        extended = self.matched(extended, late, of=(True, True), among=overlapping)
        plays = self.by_minute(extended, self.numbered(account, of_minute))
        plays = self.matched(plays, near_minute, of=(True, False))
        plays = self.matched(plays, late_minute, of=(True, False), once=True)
        return self.matched(plays, near, of=(False, False))

    def of_second(self, play: Play) -> Hashable:
        """Step 1."""
        return (self.items[play.speaker], play.speaker.ended_at, play.speaker.ms)

    def numbered(self, plays: Sequence[Play], key: Callable[[Play], Hashable]) -> list[Play]:
        """Steps 1 and 4: of those alike, the n-th of each file is the n-th."""
        counted: Counter[Hashable] = Counter()
        found: dict[Hashable, list[Told]] = defaultdict(list)
        for play in sorted(plays, key=self.order):
            (file,) = play.files
            counted[(file, key(play))] += 1
            found[(key(play), counted[(file, key(play))])] += play.told
        return [Play(told, self.newest) for told in found.values()]

    def by_minute(self, extended: Sequence[Play], account: Sequence[Play]) -> list[Play]:
        """Step 5: the n-th of the minute, in order of `ts`, is the n-th."""
        waiting = defaultdict(list)
        for play in sorted(account, key=self.order):
            waiting[of_minute(play)].append(play)
        plays = []
        for of in (of_minute, of_minute_of_any_local_file):
            extended = sorted(extended, key=self.order)
            for play in extended:
                is_free = of is of_minute or (play.speaker.is_local and not play.is_in_account)
                if is_free and waiting[of(play)]:
                    play.told += waiting[of(play)].pop(0).told
        plays = [play for those in waiting.values() for play in those]
        return [*extended, *plays]

    def order(self, play: Play) -> tuple[Any, ...]:
        """In order of their end, then `ms_played`, then `item_key`, then as they speak."""
        row = play.speaker
        return (row.ended_at, row.ms, item_key(self.items[row]), play.speaks(row))

    def matched(
        self,
        plays: Sequence[Play],
        distance: Distance,
        *,
        of: tuple[bool, bool],
        among: Set[tuple[str, str]] | None = None,
        once: bool = False,
    ) -> list[Play]:
        """Steps 2, 3, 6, 7 and 8: match one to one, in clusters of those that are candidates.

        Args:
            plays: What the steps before have made.
            distance: Of two rows that tell of one thing.
            of: Whether the one row is of the extended history, and whether the other is.
            among: Pairs of files that overlap; if none, all count.
            once: Only plays that no account file tells of yet meet one of account data.
        """

        def candidates(one: Play, other: Play) -> float | None:
            if one.files & other.files or (once and one.is_in_account and other.is_in_account):
                return None
            if among is not None and not among & set(product(one.files, other.files)):
                return None
            found = [
                far
                for pair in product(one.told, other.told)
                for row, that in (pair, pair[::-1])
                if (row.is_extended, that.is_extended) == of
                and self.things.are_one(row, that, with_any_local_file=once)
                and (far := distance(row, that)) is not None
            ]
            return min(found, default=None)

        apart: dict[frozenset[Play], float] = {}
        by_thing: dict[Hashable, list[Play]] = defaultdict(list)
        for play in plays:
            for thing in {thing for row in play.told for thing in self.things.rough(row)}:
                by_thing[thing].append(play)
        for those in by_thing.values():
            for one, other in combinations(those, 2):
                if (far := candidates(one, other)) is not None:
                    apart[frozenset((one, other))] = far
        joined: dict[Play, Play] = {play: play for play in plays}
        for one, other in apart:
            joined[_root(joined, one)] = _root(joined, other)
        clusters: dict[Play, list[Play]] = defaultdict(list)
        for play in plays:
            clusters[_root(joined, play)].append(play)
        return [play for those in clusters.values() for play in self._gathered(those, apart, once)]

    def _gathered(
        self, plays: list[Play], apart: dict[frozenset[Play], float], once: bool
    ) -> list[Play]:
        is_extended = {row.file_id: row.is_extended for play in plays for row in play.told}
        files = sorted(
            is_extended, key=lambda file: (is_extended[file], self.newest[file]), reverse=True
        )
        gathered: list[list[Play]] = []
        left = list(plays)

        def distance(those: list[Play], other: Play) -> float | None:
            """Of what those were that are one by now."""
            files = set().union(*(one.files for one in those))
            if files & other.files or (
                once and other.is_in_account and any(one.is_in_account for one in those)
            ):
                return None
            return min(
                (far for one in those if (far := apart.get(frozenset((one, other)))) is not None),
                default=None,
            )

        for file in files:
            turn = sorted((play for play in left if file in play.files), key=self.order)
            left = [play for play in left if file not in play.files]
            gathered.sort(key=lambda those: self.order(_one(those, self.newest)))
            for those, other in best_matches(gathered, turn, distance):
                those.append(other)
                turn.remove(other)
            gathered += [[play] for play in turn]
        return [_one(those, self.newest) for those in gathered]


def _one(plays: list[Play], newest: dict[str, int]) -> Play:
    return plays[0] if len(plays) == 1 else Play([row for one in plays for row in one.told], newest)


def best_matches(
    ones: Sequence[One],
    others: Sequence[Other],
    distance: Callable[[One, Other], float | None],
) -> list[tuple[One, Other]]:
    """Most matches, then the least sum of distances, then the earliest; none cross."""
    best: dict[tuple[int, int], tuple[int, float, tuple[tuple[int, int], ...]]] = {}
    for i in range(len(ones) + 1):
        for j in range(len(others) + 1):
            choices = [best[before] for before in ((i - 1, j), (i, j - 1)) if before in best]
            if i and j and (far := distance(ones[i - 1], others[j - 1])) is not None:
                count, sum_, pairs = best[i - 1, j - 1]
                choices.append((count - 1, sum_ + far, ((i - 1, j - 1), *pairs)))
            # The last match stands first: of equals the one whose last match is the earliest.
            best[i, j] = min(choices, default=(0, 0.0, ()))
    return [(ones[i], others[j]) for i, j in best[len(ones), len(others)][2]]


def _root(joined: dict[Any, Any], one: Any) -> Any:
    while joined[one] != one:
        one = joined[one]
    return one


class Things:
    """The same item, the same normal artist *and* name, the same ISRC, or a chain of these."""

    def __init__(self, named: dict[Told, str], known: Known) -> None:
        """Join what rows, reports and the catalog say."""
        self.named = named
        self.joined: dict[Hashable, Hashable] = {}
        for row, item in named.items():
            self.join(own_item(row), row.names if row.has_name else None)
            self.join(own_item(row), item)
        for item, said in known.tracks():
            self.join(item, said.names if said.has_name else None)
            self.join(item, ("isrc", said.isrc) if said.isrc else None)

    def join(self, one: Hashable, other: Hashable | None) -> None:
        """Make them one thing."""
        self.joined.setdefault(one, one)
        if other is not None:
            self.joined.setdefault(other, other)
            self.joined[_root(self.joined, one)] = _root(self.joined, other)

    def of(self, item: Hashable) -> Hashable:
        """What stands for all of the thing."""
        found: Hashable = _root(self.joined, item)
        return found

    def rough(self, row: Told) -> set[Hashable]:
        """Rows of which `are_one` holds have one of these in common."""
        any_local_file = {"any"} if row.is_local or row.is_any_local_file else set()
        return {self.of(self.named[row]), *any_local_file}

    def are_one(self, row: Told, that: Told, *, with_any_local_file: bool) -> bool:
        """Whether both tell of it; an Unknown Track only of local files, in step 7."""
        if row.is_any_local_file or that.is_any_local_file:
            extended = row if row.is_extended else that
            return with_any_local_file and extended.is_local
        return self.of(self.named[row]) == self.of(self.named[that])


def own_item(row: Told) -> str:
    """ "What was played": the text that identifies it, by the row alone."""
    if row.uri:
        return row.uri
    if row.kind == "local_file":
        return ":".join(("local", normal(row.artist), normal(row.album), normal(row.name)))
    return "name:" + ":".join(row.names)


def items(told: Sequence[Told], known: Known) -> dict[Told, str]:
    """ "What was played": the text that identifies it."""
    with_uri: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for row in told:
        if row.uri and row.has_name:
            with_uri[(row.kind, row.names)][row.uri] += 1
    for item, names in known.reports():
        with_uri[("music", names)][item] += 1
    found = {}
    for row in told:
        others = with_uri.get((row.kind, row.names))
        if row.uri or not others or not row.has_name:
            found[row] = own_item(row)
        else:
            found[row] = max(others, key=lambda uri: (others[uri], uri))
    return found


def _seconds(one: dt.datetime, other: dt.datetime) -> float:
    return (one - other).total_seconds()


def _overlaps(end: float, ms: int, other_end: float, other_ms: int) -> bool:
    """By at least half of the longer one."""
    shared = min(end, other_end) - max(end - ms / 1000, other_end - other_ms / 1000)
    return shared > 0 and shared >= max(ms, other_ms) / 2000


def near(row: Told, that: Told) -> float | None:
    """Steps 2 and 8; of account data, both end at second 0."""
    apart = _seconds(row.ended_at, that.ended_at)
    if abs(apart) <= CLOSE or _overlaps(apart, row.ms, 0, that.ms):
        return abs(apart)
    return None


def late(row: Told, that: Told) -> float | None:
    """Step 3."""
    apart = abs(_seconds(row.ended_at, that.ended_at))
    return apart if row.ms == that.ms and apart <= DAY else None


def of_minute(play: Play) -> Hashable:
    """Steps 4 and 5; without a name it is its item in step 4, and nothing in step 5."""
    row = play.speaker
    names = row.names if row.name else (row.is_extended, own_item(row))
    return (names, row.ended_at.replace(second=0), row.ms)


def of_minute_of_any_local_file(play: Play) -> Hashable:
    """What account data says of a local file, in step 5."""
    row = play.speaker
    return (UNKNOWN, row.ended_at.replace(second=0), row.ms)


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
