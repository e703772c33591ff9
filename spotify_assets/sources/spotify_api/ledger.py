"""The request ledger: every call that was ever made, in a database that all processes share.

A call is entered before it is sent, so that no process can overlook another's, and settled when its
answer is there. A process that dies in between leaves a call without an outcome; it counts towards
the limits just as if it had been answered.

Belongs here: what is kept, and counting it. Does not belong here: whether a call may be sent
(``budget``), or what an app may do (``modes``).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotify_assets.lake.exchanges import Request
from spotify_assets.sources.spotify_api.modes import Mode
from spotify_assets.storage import database
from spotify_assets.storage.clock import Clock, Moment
from spotify_assets.storage.database import Cursor, Place
from spotify_assets.storage.errors import StoreError
from spotify_assets.storage.holds import this_process

DAY_SECONDS = 24 * 3600
EVERY_FAMILY = "*"
"""The family of a block that holds for all."""
MAX_FLIGHT_SECONDS = 35.0
"""How long a call that has no outcome may still arrive: the client's own time limits."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    request_id INTEGER PRIMARY KEY,
    app TEXT NOT NULL, source TEXT NOT NULL, run_id TEXT, genre TEXT, date TEXT,
    endpoint TEXT NOT NULL, path TEXT NOT NULL, params TEXT NOT NULL, attempt INTEGER NOT NULL,
    requested_at REAL NOT NULL, waited_ms INTEGER NOT NULL,
    status INTEGER, failure TEXT, rows INTEGER, bytes INTEGER, elapsed_ms INTEGER,
    retry_after_s INTEGER,
    boot TEXT NOT NULL, ended_steady REAL NOT NULL, ended_at REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS requests_steady ON requests (app, boot, ended_steady, endpoint);
CREATE INDEX IF NOT EXISTS requests_wall ON requests (app, ended_at, endpoint, boot);
CREATE INDEX IF NOT EXISTS requests_run ON requests (run_id);
CREATE TABLE IF NOT EXISTS blocks (
    app TEXT NOT NULL, endpoint TEXT NOT NULL, seconds REAL NOT NULL, reason TEXT NOT NULL,
    made_at REAL NOT NULL, steady REAL NOT NULL, boot TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS blocks_app ON blocks (app, made_at);
CREATE TABLE IF NOT EXISTS limits (
    app TEXT PRIMARY KEY, requests INTEGER NOT NULL,
    made_at REAL NOT NULL, steady REAL NOT NULL, boot TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS modes (
    app TEXT NOT NULL, mode TEXT NOT NULL, since REAL NOT NULL, learned_from TEXT NOT NULL,
    is_sure INTEGER NOT NULL
) STRICT;
"""
# Calls that ended within a window before now. Times of another start of the machine are by the
# wall; those far in the future are of a clock that was set back since, and say nothing.
WITHIN = f"""
app = :app AND (
    (boot = :boot AND ended_steady > :steady - :window)
    OR (boot <> :boot AND ended_at > :wall - :window
        AND ended_at < :wall + :window + {MAX_FLIGHT_SECONDS})
)"""
# Another boot need not be over: it may be another machine, or a process that cannot read the boot's
# id. Its calls end by the wall, as far as the clocks of two machines agree.
MAY_STILL_ARRIVE = f"""
status IS NULL AND failure IS NULL AND (
    (boot = :boot AND ended_steady > :steady)
    OR (boot <> :boot AND ended_at > :wall AND ended_at < :wall + 2 * {MAX_FLIGHT_SECONDS})
)"""
PUBLISHED = (
    *("request_id", "requested_at", "app", "source", "run_id", "genre", "date"),
    *("endpoint", "path", "params", "attempt", "http_status", "failure", "rows", "bytes"),
    *("elapsed_ms", "waited_ms", "retry_after_s"),
)
AGE = """CASE WHEN boot = :boot THEN :steady - ended_steady
    WHEN :wall > ended_at THEN :wall - ended_at ELSE 0 END"""


class LedgerError(StoreError):
    """The ledger cannot be read or written."""


@dataclass(frozen=True)
class Purpose:
    """What a call is made for."""

    run_id: str | None = None
    genre: str | None = None
    date: dt.date | None = None


@dataclass(frozen=True)
class Outcome:
    """How a call ended: a status, or why there is none."""

    elapsed_ms: int
    status: int | None = None
    failure: str | None = None
    rows: int | None = None
    bytes: int | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True)
class Block:
    """Until when calls are not to be sent.

    Attributes:
        endpoint: The family that is blocked, or `EVERY_FAMILY`.
        seconds: How long is left.
        reason: What the API said.
    """

    endpoint: str
    seconds: float
    reason: str


@dataclass(frozen=True)
class KnownMode:
    """What an app may do, since when, and what told it."""

    mode: Mode
    since: dt.datetime
    learned_from: str
    is_sure: bool


def app_of(client_id: str, api_url: str) -> str:
    """The name of an app in the ledger: the client id itself is nobody's business."""
    return hashlib.sha256(f"{client_id} {api_url}".encode()).hexdigest()[:12]


class Ledger:
    """The calls of all apps on the machines that share the place."""

    def __init__(self, place: Place) -> None:
        """Open it, or begin it.

        Raises:
            LedgerError: It cannot be opened.
        """
        self.place = place
        with self._reporting():
            database.begin(place, SCHEMA)
            self._db = database.connect(place)
            if isinstance(place, Path):
                self._db.execute("PRAGMA synchronous = NORMAL")

    @property
    def clock(self) -> Clock:
        """The one by which windows are counted: where machines share a server, the server's."""
        return _Reported(self._db.clock, self._reporting)

    def close(self) -> None:
        """Close it, and give back what is held."""
        self._db.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """What is read and written within is one step to every other process."""
        with self._reporting(), self._db.alone():
            yield

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold a name, such as a genre-day, that nobody else holds meanwhile.

        Where the ledger is on a server, no call is counted, and so none is sent, on a connection
        that has lost what it held.

        Raises:
            Held: Somebody does.
        """
        with self._reporting(), self._db.hold(name):
            yield

    def workers(self) -> dict[str, list[str]]:
        """The other processes that work now, ``host/pid``, and what each holds."""
        with self._reporting():
            held: dict[str, list[str]] = {name: [] for name in self._db.workers()}
            for one in self._db.holds():
                held.setdefault(one.holder, []).append(one.name)
        held.pop(this_process(), None)
        return held

    def enter(
        self,
        app: str,
        source: str,
        request: Request,
        purpose: Purpose,
        now: Moment,
        *,
        attempt: int = 1,
        waited_ms: int = 0,
    ) -> int:
        """Note a call that is about to be sent; returns its id."""
        row = {
            "now_us": round(now.wall * 1_000_000),
            "app": app,
            "source": source,
            "run_id": purpose.run_id,
            "genre": purpose.genre,
            "date": purpose.date and purpose.date.isoformat(),
            "endpoint": request.endpoint,
            "path": request.path,
            "params": json.dumps(dict(request.params), ensure_ascii=False),
            "attempt": attempt,
            "requested_at": now.wall,
            "waited_ms": waited_ms,
            "boot": now.boot,
            "ended_steady": now.steady + MAX_FLIGHT_SECONDS,
            "ended_at": now.wall + MAX_FLIGHT_SECONDS,
        }
        names = [name for name in row if name != "now_us"]
        # Ids grow with time, so that those of a ledger that is begun again follow on the old ones.
        [entered] = self._select(
            f"INSERT INTO requests (request_id, {', '.join(names)}) "
            f"SELECT CASE WHEN max(request_id) >= :now_us THEN max(request_id) + 1 ELSE :now_us "
            f"END, {_bound(names)} FROM requests RETURNING request_id",
            row,
        )
        request_id: int = entered["request_id"]
        return request_id

    def settle(self, request_id: int, outcome: Outcome, now: Moment) -> None:
        """Note how a call ended."""
        self._execute(
            "UPDATE requests SET status = ?, failure = ?, rows = ?, bytes = ?, elapsed_ms = ?, "
            "retry_after_s = ?, ended_steady = ?, ended_at = ? WHERE request_id = ?",
            (
                outcome.status,
                outcome.failure,
                outcome.rows,
                outcome.bytes,
                outcome.elapsed_ms,
                outcome.retry_after_s,
                now.steady,
                now.wall,
                request_id,
            ),
        )

    def ages(
        self, app: str, now: Moment, window_seconds: float, endpoint: str | None = None
    ) -> list[float]:
        """Seconds since each call within a window ended, the latest first.

        A call that is under way has not ended: its age is negative.

        Args:
            app: Whose calls.
            now: The end of the window.
            window_seconds: Its length.
            endpoint: Of this family only; else of all but those for tokens, which have a host of
                their own.
        """
        return self._ages(app, now, window_seconds, endpoint, "")

    def room_in(
        self, app: str, now: Moment, window_seconds: float, most: int, endpoint: str | None = None
    ) -> float:
        """Seconds until one more call can be no more than ``most`` within any window; 0 if now is.

        Where a call that is under way decides, it is the earliest that can be: it may end now.

        See `ages` for the arguments.
        """
        decides = self._ages(app, now, window_seconds, endpoint, f"LIMIT 1 OFFSET {most - 1:d}")
        return max(window_seconds - max(decides[0], 0.0), 0.0) if decides else 0.0

    def _ages(
        self, app: str, now: Moment, window_seconds: float, endpoint: str | None, limit: str
    ) -> list[float]:
        chosen = "endpoint = :endpoint" if endpoint else "endpoint <> 'token'"
        rows = self._select(
            f"SELECT {AGE} AS age FROM requests WHERE {WITHIN} AND {chosen} ORDER BY age {limit}",
            {**_at(app, now), "window": window_seconds, "endpoint": endpoint},
        )
        return [row["age"] for row in rows]

    def answered_in(self, app: str, now: Moment, window_seconds: float) -> int:
        """How many calls within a window were not refused as too many."""
        [row] = self._select(
            "SELECT count(*) AS calls FROM requests "
            f"WHERE {WITHIN} AND endpoint <> 'token' "
            "AND (status IS NULL OR status <> 429)",
            {**_at(app, now), "window": window_seconds},
        )
        calls: int = row["calls"]
        return calls

    def families(self, app: str, now: Moment, window_seconds: float) -> dict[str, int]:
        """How many calls of each family ended within a window."""
        rows = self._select(
            f"SELECT endpoint, count(*) AS calls FROM requests WHERE {WITHIN} "
            "GROUP BY endpoint ORDER BY endpoint",
            {**_at(app, now), "window": window_seconds},
        )
        return {row["endpoint"]: row["calls"] for row in rows}

    def calls_of_run(self, run_id: str) -> int:
        """How many calls a run has sent, those for tokens and repeated attempts included."""
        [row] = self._select("SELECT count(*) AS calls FROM requests WHERE run_id = ?", (run_id,))
        calls: int = row["calls"]
        return calls

    def block(self, app: str, endpoint: str, seconds: float, reason: str, now: Moment) -> None:
        """Have no call sent for so long."""
        self._execute(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)",
            (app, endpoint, seconds, reason, now.wall, now.steady, now.boot),
        )

    def blocks(self, app: str, now: Moment) -> list[Block]:
        """The blocks that hold now, the longest of each family.

        A block never holds for longer from now than the API once asked, even where the clock was
        set back meanwhile.
        """
        rows = self._select(
            "SELECT * FROM blocks WHERE app = ? AND (boot = ? OR made_at + seconds > ?)",
            (app, now.boot, now.wall),
        )
        longest: dict[str, Block] = {}
        for row in rows:
            made = Moment(row["made_at"], row["steady"], row["boot"])
            left = row["seconds"] - now.seconds_since(made)
            held = longest.get(row["endpoint"])
            if left > 0 and (held is None or left > held.seconds):
                longest[row["endpoint"]] = Block(row["endpoint"], left, row["reason"])
        return list(longest.values())

    def learned_limit(self, app: str, now: Moment, within_seconds: float) -> int | None:
        """Calls a window, as a 429 taught it not longer ago than that."""
        rows = self._select("SELECT * FROM limits WHERE app = ?", (app,))
        if not rows:
            return None
        [row] = rows
        made = Moment(row["made_at"], row["steady"], row["boot"])
        return row["requests"] if now.seconds_since(made) < within_seconds else None

    def learn_limit(self, app: str, requests: int, now: Moment) -> None:
        """Remember how many calls a window are not too many."""
        self._execute(
            "INSERT INTO limits (app, requests, made_at, steady, boot) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (app) DO UPDATE SET requests = excluded.requests, "
            "made_at = excluded.made_at, steady = excluded.steady, boot = excluded.boot",
            (app, requests, now.wall, now.steady, now.boot),
        )

    def mode(self, app: str) -> KnownMode | None:
        """The mode that the app was last found to be in."""
        rows = self._select("SELECT * FROM modes WHERE app = ? ORDER BY rowid DESC LIMIT 1", (app,))
        if not rows:
            return None
        [row] = rows
        is_sure = bool(row["is_sure"])
        return KnownMode(row["mode"], _utc(row["since"]), row["learned_from"], is_sure)

    def learn_mode(
        self, app: str, mode: Mode, learned_from: str, now: Moment, *, is_sure: bool
    ) -> None:
        """Remember the mode of an app; earlier ones stay as its history."""
        self._execute(
            "INSERT INTO modes VALUES (?, ?, ?, ?, ?)",
            (app, mode, now.wall, learned_from, int(is_sure)),
        )

    def requests(self, after: int, now: Moment) -> Iterator[dict[str, Any]]:
        """The calls after an id, in order, up to the first that may still get its outcome."""
        [under_way] = self._select(
            f"SELECT min(request_id) AS first FROM requests WHERE {MAY_STILL_ARRIVE}",
            {"boot": now.boot, "steady": now.steady, "wall": now.wall},
        )
        first = under_way["first"]
        with self._reporting():
            rows = self._db.execute(
                f"SELECT {', '.join(PUBLISHED)} "
                "FROM (SELECT *, status AS http_status FROM requests) "
                "WHERE request_id > ? AND (? IS NULL OR request_id < ?) ORDER BY request_id",
                (after, first, first),
            )
            for row in rows:
                yield {
                    **dict(row),
                    "requested_at": _utc(row["requested_at"]).replace(tzinfo=None),
                    "date": row["date"] and dt.date.fromisoformat(row["date"]),
                }

    def _execute(self, sql: str, parameters: Any) -> Cursor:
        with self._reporting():
            return self._db.execute(sql, parameters)

    def _select(self, sql: str, parameters: Any) -> list[Any]:
        # A damaged page can come up at any row, not only at the first.
        with self._reporting():
            return self._db.execute(sql, parameters).fetchall()

    def _reporting(self) -> AbstractContextManager[None]:
        return database.reporting(
            self.place,
            LedgerError,
            "The request ledger",
            ", which knows of no earlier calls and blocks",
        )


class _Reported(Clock):
    """A clock that is asked over a network, and may not answer."""

    def __init__(self, clock: Clock, reporting: Callable[[], AbstractContextManager[None]]) -> None:
        self._clock, self._reporting = clock, reporting

    def now(self) -> Moment:
        """This moment.

        Raises:
            LedgerError: It does not answer.
        """
        with self._reporting():
            return self._clock.now()


def _at(app: str, now: Moment) -> dict[str, Any]:
    return {"app": app, "wall": now.wall, "steady": now.steady, "boot": now.boot}


def _bound(names: list[str]) -> str:
    return ", ".join(f":{name}" for name in names)


def _utc(wall: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(wall, dt.UTC)
