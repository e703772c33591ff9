"""The log of a lake: which files hold which days of a genre, as commits that are created only once.

``commits/<genre>/<seq:010>.json`` is one change, whole or not at all. Who is second reads what the
first said, and tries the next number. What the log says is the sum of its commits; a checkpoint
(``checkpoints/<genre>/<seq:010>.json.zst``) is a cache of it, made every `CHECKPOINT_EVERY`.

A commit says of each day that it changes what holds from then on: the files that its tables are in
(``tables``), and what is prepared and seen by nobody yet (``draft``). Of a table stand, in this
order, the key of the file, the hash of the day's rows, their number, and the size of the file;
and, where they took the place of other rows, what was revised: how many there were before, how many
are new, how many are gone. A day that is ``null`` is not there any more.

Belongs here: reading and adding commits. Does not belong here: rows (``tables``), and which files
nobody needs any more (``upkeep``).
"""

import datetime as dt
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, unquote

from spotify_assets.lake.errors import LakeError
from spotify_assets.lake.store import AlreadyThere, Store, at_once
from spotify_assets.storage.renamed import current

VERSION = 1
COMMITS, CHECKPOINTS = "commits", "checkpoints"
CHECKPOINT_EVERY = 50
CHECKPOINTS_KEPT = 2
MAX_REMEMBERED = 8
"""Genres, the last used: a year of one takes a MB and more."""
MAX_RACES = 1000
"""Commits of others that one waits out; each of them has got something done."""
BEGINNING = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
"""Before every commit."""
Kind = Literal["import", "replace", "compact", "purge"]


class Revised(NamedTuple):
    """What rows changed when they took the place of others; rows are compared as a whole."""

    rows_before: int
    rows_added: int
    """That were not there before just so."""
    rows_removed: int
    """Of those before, that are not there any more just so."""


class TableFile(NamedTuple):
    """Where the rows of a table's day lie."""

    key: str
    hash: str
    """Of the day's rows as they were first written; it stays wherever they lie."""
    rows: int | None
    """``None`` of a file that an earlier version wrote."""
    bytes: int
    """Size of the file that they were first written to."""
    revised: Revised | None = None
    """``None``: there were no others before, or a commit of an earlier version does not say."""


@dataclass(frozen=True)
class Draft:
    """Tables of a day that are prepared; they take the place of others once none is awaited."""

    begun_at: dt.datetime
    tables: Mapping[str, TableFile]
    awaits: frozenset[str]


@dataclass(frozen=True)
class Day:
    """What holds of a day."""

    tables: Mapping[str, TableFile] = field(default_factory=dict)
    draft: Draft | None = None

    def latest(self) -> Mapping[str, TableFile]:
        """With what is prepared, for whoever goes on with it."""
        return {**self.tables, **(self.draft.tables if self.draft else {})}

    def files(self) -> set[str]:
        """The keys of all its files."""
        prepared = self.draft.tables if self.draft else {}
        return {one.key for tables in (self.tables, prepared) for one in tables.values()}


Change = Mapping[dt.date, Day | None]
"""What holds of days from now on; ``None`` takes one away."""


@dataclass(frozen=True)
class Origin:
    """Who makes a commit, and why; said for people."""

    kind: Kind = "replace"
    run: str = ""
    code_version: str = ""
    source: str = ""
    """Who answered what the rows were made of, as the lake was claimed for it."""


@dataclass(frozen=True)
class Commit:
    """One change of a genre."""

    genre: str
    seq: int
    at: dt.datetime
    origin: Origin
    days: Change


@dataclass(frozen=True)
class State:
    """What the log says of a genre after a commit."""

    genre: str
    seq: int = 0
    at: dt.datetime = BEGINNING
    days: Mapping[dt.date, Day] = field(default_factory=dict)

    def after(self, commit: Commit) -> "State":
        """With one more commit."""
        days = {**self.days, **commit.days}
        kept = {date: day for date, day in days.items() if day is not None}
        return State(self.genre, commit.seq, commit.at, kept)

    def moved(self, commit: Commit) -> "State":
        """This earlier state, its rows found where a later commit has put them.

        Compaction moves rows. A purge moves those that shared a file with others, and takes days
        away from the past too.
        """
        days = dict(self.days)
        for date, new in commit.days.items():
            if new is None:
                days.pop(date, None)
            elif date in days:
                now = {name: new.tables[name] for name in days[date].tables if name in new.tables}
                days[date] = replace(days[date], tables=_at(days[date].tables, now))
        return replace(self, days=days)

    def files(self) -> set[str]:
        """The keys of all files that it names."""
        return {key for day in self.days.values() for key in day.files()}


class Log:
    """The commits of all genres in a store.

    An instance remembers what it has read, and only ever reads what is new.
    """

    def __init__(self, store: Store) -> None:
        """Keep the store."""
        self.store = store
        self._newest: dict[str, State] = {}
        self._snapshots: dict[int, dict[str, State]] = {}
        self._alone = threading.Lock()

    def genres(self) -> list[str]:
        """Those that have a log, in order."""
        return sorted(unquote(name) for name in self.store.folders(COMMITS))

    def heads(self, known: Mapping[str, int] = MappingProxyType({})) -> dict[str, int]:
        """The number of the last commit of each genre.

        Args:
            known: What they were once. Where nothing came after, nothing is listed.
        """
        genres = self.genres()
        heads = at_once(lambda genre: self._head(genre, known.get(genre, 0)), genres)
        return dict(zip(genres, heads, strict=True))

    def _head(self, genre: str, known: int) -> int:
        # Where the first is missing, somebody has deleted the lake, and begun another.
        if self._is_there(genre, known) and not self._is_there(genre, known + 1):
            return known
        keys = self.store.keys(_folder(COMMITS, genre))
        return _number(keys[-1]) if keys else 0

    def _is_there(self, genre: str, seq: int) -> bool:
        try:
            self.store.created_at(_key(genre, seq))
        except FileNotFoundError:
            return False
        return True

    def since(self, genre: str, seq: int) -> list[Commit]:
        """The commits of a genre after a number, in order.

        Raises:
            LakeError: One cannot be read.
        """
        keys = self.store.keys(_folder(COMMITS, genre), _key(genre, seq))
        return [self._commit(genre, _number(key)) for key in keys]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read what holds of a genre once, for this thread and until the body ends.

        The thread's own commits are in it. Those of others it meets when it commits: then it reads
        what holds by then.
        """
        thread = threading.get_ident()
        if thread in self._snapshots:
            yield
            return
        self._snapshots[thread] = {}
        try:
            yield
        finally:
            del self._snapshots[thread]

    def state(self, genre: str, *, seq: int | None = None, at: dt.datetime | None = None) -> State:
        """What holds of a genre: now, after a commit, or as it was at a moment.

        Raises:
            LakeError: A commit cannot be read.
        """
        if seq is None and at is None:
            snapshot = self._snapshots.get(threading.get_ident(), {})
            if genre in snapshot:
                return snapshot[genre]
            state, new = self._known(genre)
            for key in new:
                state = state.after(self._commit(genre, _number(key)))
            self._remember(state)
            return state
        state = self._checkpoint(genre, seq, at)
        for commit in self.since(genre, state.seq):
            if _is_within(commit.seq, commit.at, seq, at):
                state = state.after(commit)
            elif commit.origin.kind in ("compact", "purge"):
                state = state.moved(commit)
        return state

    def commit(
        self, genre: str, change: Callable[[State], Change], origin: Origin | None = None
    ) -> State:
        """Add a change; returns what holds then.

        Args:
            genre: Whose days change.
            change: Of what holds now, what is to hold. Asked again whenever another was first. What
                holds already needs no commit, and makes none.
            origin: Who makes it, and why.

        Raises:
            LakeError: The store fails. Whether the commit is there is not known then; the same
                change made again finds that out.
        """
        for _ in range(MAX_RACES):
            state = self.state(genre)
            days = {date: day for date, day in change(state).items() if day != state.days.get(date)}
            if not days:
                return state
            at = max(dt.datetime.now(dt.UTC), state.at)
            commit = Commit(genre, state.seq + 1, at, origin or Origin(), days)
            key = _key(genre, commit.seq)
            self.store.make_durable(
                {one for day in days.values() if day for one in day.files()} - state.files()
            )
            try:
                self.store.create(key, _encoded(commit))
            except AlreadyThere:
                self._snapshots.get(threading.get_ident(), {}).pop(genre, None)
                continue
            self.store.make_durable([key])
            state = state.after(commit)
            self._remember(state)
            if commit.seq % CHECKPOINT_EVERY == 0:
                self._make_checkpoint(state)
            return state
        raise LakeError(
            f"{genre} was changed {MAX_RACES} times by others while it was written. Run again."
        )

    def _known(self, genre: str) -> tuple[State, list[str]]:
        """What can be gone on from without reading it again, and the keys of the commits after."""
        folder, state = _folder(COMMITS, genre), self._newest.get(genre)
        if state and state.seq:
            own, *new = self.store.keys(folder, _key(genre, state.seq - 1)) or [""]
            # Somebody may have deleted the lake, and begun another.
            if own == _key(genre, state.seq):
                return state, new
        state = self._checkpoint(genre)
        return state, self.store.keys(folder, _key(genre, state.seq))

    def _remember(self, state: State) -> None:
        if (snapshot := self._snapshots.get(threading.get_ident())) is not None:
            snapshot[state.genre] = state
        with self._alone:
            self._newest.pop(state.genre, None)
            self._newest[state.genre] = state
            if len(self._newest) > MAX_REMEMBERED:
                del self._newest[next(iter(self._newest))]

    def _commit(self, genre: str, seq: int) -> Commit:
        key = _key(genre, seq)
        try:
            told = json.loads(self.store.get(key))
            _check_version(key, told)
            return Commit(
                genre,
                seq,
                dt.datetime.fromisoformat(told["at"]),
                Origin(told["kind"], told["run"], told["code_version"], told.get("source", "")),
                {dt.date.fromisoformat(date): _day(one) for date, one in told["days"].items()},
            )
        except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
            raise LakeError(
                f"{key} of the lake is damaged or missing ({error}). Restore it from a backup: "
                "without it, it is not known which files hold the days of its genre."
            ) from error

    def _checkpoint(
        self, genre: str, seq: int | None = None, at: dt.datetime | None = None
    ) -> State:
        """The newest that is within the limits; one that cannot be read is as none."""
        import zstandard  # noqa: PLC0415 - most commands read no log

        for key in reversed(self.store.keys(_folder(CHECKPOINTS, genre))):
            try:
                packed = self.store.get(key)
                told = json.loads(zstandard.ZstdDecompressor().decompress(packed))
                _check_version(key, told)
                state = State(
                    genre,
                    told["seq"],
                    dt.datetime.fromisoformat(told["at"]),
                    {
                        dt.date.fromisoformat(date): day
                        for date, one in told["days"].items()
                        if (day := _day(one))
                    },
                )
            except (ValueError, KeyError, TypeError, FileNotFoundError, zstandard.ZstdError):
                continue
            if _is_within(state.seq, state.at, seq, at):
                return state
        return State(genre)

    def _make_checkpoint(self, state: State) -> None:
        import zstandard  # noqa: PLC0415 - as above

        told = {
            "version": VERSION,
            "seq": state.seq,
            "at": state.at.isoformat(),
            "days": {date.isoformat(): _told(day) for date, day in state.days.items()},
        }
        folder = _folder(CHECKPOINTS, state.genre)
        packed = zstandard.ZstdCompressor(level=3).compress(json.dumps(told).encode())
        try:
            self.store.create(f"{folder}/{state.seq:010d}.json.zst", packed)
            self.store.delete(self.store.keys(folder)[:-CHECKPOINTS_KEPT])
        except (AlreadyThere, LakeError):
            # The commit is there; what speeds up reading it is made again by the next.
            return


def genre_name(genre: str) -> str:
    """A genre as part of a key: percent-encoded, so that any name is one folder."""
    name = quote(genre, safe="")
    # As the name of a folder these two would lead elsewhere.
    return name.replace(".", "%2E") if name in (".", "..") else name


def _folder(top: str, genre: str) -> str:
    return f"{top}/{genre_name(genre)}"


def _key(genre: str, seq: int) -> str:
    return f"{_folder(COMMITS, genre)}/{seq:010d}.json"


def _number(key: str) -> int:
    return int(key.rpartition("/")[2].partition(".")[0])


def _is_within(number: int, when: dt.datetime, seq: int | None, at: dt.datetime | None) -> bool:
    return (seq is None or number <= seq) and (at is None or when <= at)


def _at(tables: Mapping[str, TableFile], now: Mapping[str, TableFile]) -> Mapping[str, TableFile]:
    """The tables of a day, in other files where the rows of those are the same."""
    return {
        name: now[name] if name in now and now[name].hash == one.hash else one
        for name, one in tables.items()
    }


def _check_version(key: str, told: Mapping[str, Any]) -> None:
    if told["version"] > VERSION:
        raise LakeError(
            f"{key} of the lake was written by a later version of spotify-assets: use that one."
        )


def _encoded(commit: Commit) -> bytes:
    told = {
        "version": VERSION,
        "seq": commit.seq,
        "at": commit.at.isoformat(),
        # By it a commit is known to be one's own, where the answer to its writing got lost.
        "id": uuid.uuid4().hex,
        "kind": commit.origin.kind,
        "run": commit.origin.run,
        "code_version": commit.origin.code_version,
        "source": commit.origin.source,
        "days": {date.isoformat(): _told(day) for date, day in sorted(commit.days.items())},
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _told(day: Day | None) -> dict[str, Any] | None:
    if day is None:
        return None
    told: dict[str, Any] = {"tables": _files_told(day.tables)}
    if day.draft:
        told["draft"] = {
            "begun_at": day.draft.begun_at.isoformat(),
            "tables": _files_told(day.draft.tables),
            "awaits": sorted(day.draft.awaits),
        }
    return told


def _files_told(tables: Mapping[str, TableFile]) -> dict[str, tuple[object, ...]]:
    return {name: one if one.revised else one[:-1] for name, one in tables.items()}


def _day(told: Mapping[str, Any] | None) -> Day | None:
    if told is None:
        return None
    draft = told.get("draft")
    return Day(
        _tables(told["tables"]),
        draft
        and Draft(
            dt.datetime.fromisoformat(draft["begun_at"]),
            _tables(draft["tables"]),
            frozenset(map(current, draft["awaits"])),
        ),
    )


def _tables(told: Mapping[str, Any]) -> dict[str, TableFile]:
    return {
        current(name): TableFile(*one[:4], *(Revised(*numbers) for numbers in one[4:]))
        for name, one in told.items()
    }
