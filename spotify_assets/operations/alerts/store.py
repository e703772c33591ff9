"""The store of incidents, and the outbox of messages about them: one SQLite file.

What a channel has to be told is written in the same transaction as the incident, as a *notice*.
`Alerts.deliver` makes messages of the notices that are due and sends them. A channel has one
message under way at a time; what comes up meanwhile is put together in the next one. So messages
arrive in order, an outage ends with one digest, and many incidents at once are one message.

Belongs here: when something is told. Does not belong here: what is said (``messages``), and how it
is carried (``channels``).
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

from spotify_assets.operations.alerts.channels import Channel, DeliveryError, Rejected
from spotify_assets.operations.alerts.incidents import Incident, Kind
from spotify_assets.operations.alerts.messages import Message, Notice, State
from spotify_assets.storage import database
from spotify_assets.storage.database import Database, Place, Row
from spotify_assets.storage.errors import StoreError

QUIET_TIME = dt.timedelta(minutes=30)
MESSAGES_AN_HOUR = 12
FIRST_WAIT, MAX_WAIT = dt.timedelta(minutes=1), dt.timedelta(hours=1)
KEPT_FOR = dt.timedelta(days=7)
MAX_ATTEMPT = dt.timedelta(minutes=5)
"""A process that has not said after this time how its attempt went is taken for dead."""

_SQL = {
    name: resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    for name in ("schema", "see", "due")
}
_INCIDENT = "key, kind, title, body, severity, since, until, link"
_log = logging.getLogger(__name__)


class AlertsError(StoreError):
    """The store of incidents cannot be read or written."""


@dataclass(frozen=True)
class Undelivered:
    """A message that a channel has not taken.

    Attributes:
        channel: Its name.
        state: What the message tells.
        incidents: How many it tells of.
        made_at: Time of the first attempt, UTC.
        attempts: How often it was tried.
        next_attempt_at: UTC; ``None``: it has failed and is not tried again.
        last_error: Why; ``None`` while the first attempt is under way.
    """

    channel: str
    state: State
    incidents: int
    made_at: dt.datetime
    attempts: int
    next_attempt_at: dt.datetime | None
    last_error: str | None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Alerts:
    """What is wrong now, and who was told; several processes can use the same place.

    Every method can raise `AlertsError`.
    """

    def __init__(
        self,
        place: Place,
        channels: Sequence[Channel] = (),
        clock: Callable[[], dt.datetime] = _now,
        *,
        quiet_time: dt.timedelta = QUIET_TIME,
        messages_an_hour: int = MESSAGES_AN_HOUR,
    ) -> None:
        """Open the file, or begin it.

        Args:
            place: The SQLite file, or the PostgreSQL that machines share.
            channels: Each of another name. Without any, incidents are recorded all the same.
            clock: The time now, with its time zone.
            quiet_time: An incident that opens again so soon after its end is told only when this
                time has passed, however often it comes and goes meanwhile.
            messages_an_hour: At most so many on a channel; the rest waits for one digest.
        """
        self._place = place
        self._channels = list(channels)
        self._clock = clock
        self._quiet_time = quiet_time
        self._messages_an_hour = messages_an_hour
        with self._reporting():
            database.begin(place, _SQL["schema"])

    def observe(self, kind: Kind, current: Sequence[Incident]) -> None:
        """Take note of all of a kind that is wrong now: open what is new, close what is gone.

        Raises:
            ValueError: An incident is of another kind, or a key is there twice.
        """
        keys = {incident.key for incident in current}
        if len(keys) < len(current):
            raise ValueError(f"An observation of {kind} names a key twice: make the keys differ.")
        for incident in current:
            if incident.kind != kind:
                raise ValueError(
                    f"{incident.key} ({incident.kind}) does not belong to an observation of "
                    f"{kind}: it could never be closed."
                )
        with self._transaction() as db:
            gone = [key for key in _open_keys(db, kind) if key not in keys]
            for incident in current:
                self._see(db, incident)
            for key in gone:
                self._end(db, key)

    def deliver(self) -> int:
        """Send what is due. What cannot be sent now is tried again by later calls.

        Returns:
            How many messages were delivered.
        """
        return sum(self._deliver(channel) for channel in self._channels)

    def open_incidents(self) -> list[Incident]:
        """What is wrong now, errors first, then the oldest first."""
        with self._transaction() as db:
            rows = db.execute(
                f"SELECT {_INCIDENT} FROM incidents WHERE closed_at IS NULL "  # noqa: S608 - ours
                "ORDER BY severity = 'error' DESC, opened_at, key"
            ).fetchall()
        return [_incident(row) for row in rows]

    def undelivered(self) -> list[Undelivered]:
        """The messages that wait for another attempt, and those that have failed."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT *, (SELECT count(*) FROM notices WHERE message = outbox.id) AS incidents "
                "FROM outbox WHERE status <> 'delivered' ORDER BY made_at"
            ).fetchall()
        return [
            Undelivered(
                row["channel"],
                row["state"],
                row["incidents"],
                _time(row["made_at"]),
                row["attempts"],
                _time(row["next_attempt_at"]) if row["status"] == "waiting" else None,
                row["last_error"],
            )
            for row in rows
        ]

    def _see(self, db: Database, incident: Incident) -> None:
        now = self._clock()
        before = db.execute(
            "SELECT closed_at FROM incidents WHERE key = ?", (incident.key,)
        ).fetchone()
        since, until = _text(incident.since), incident.until and _text(incident.until)
        values = {**asdict(incident), "since": since, "until": until, "now": _text(now)}
        db.execute(_SQL["see"], values)
        if before is None:
            self._tell_opening(db, incident.key, now, due=now)
        elif before["closed_at"]:
            quiet_until = _time(before["closed_at"]) + self._quiet_time
            is_quiet = _is_ahead(quiet_until, now, self._quiet_time)
            self._tell_opening(db, incident.key, now, due=quiet_until if is_quiet else now)

    def _end(self, db: Database, key: str) -> None:
        now = self._clock()
        db.execute("UPDATE incidents SET closed_at = ? WHERE key = ?", (_text(now), key))
        self._tell_end(db, key, now)

    def _tell_opening(self, db: Database, key: str, now: dt.datetime, due: dt.datetime) -> None:
        """Count it up in the notice that waits, or add a notice."""
        for channel in self._channels:
            counted = db.execute(
                "UPDATE notices SET openings = openings + 1, closed_at = NULL "
                "WHERE channel = ? AND key = ? AND message IS NULL AND openings > 0",
                (channel.name, key),
            )
            if not counted.rowcount:
                db.execute(
                    "INSERT INTO notices (channel, key, openings, opened_at, due_at) "
                    "VALUES (?, ?, 1, ?, ?)",
                    (channel.name, key, _text(now), _text(due)),
                )

    def _tell_end(self, db: Database, key: str, now: dt.datetime) -> None:
        """Add it to the opening that waits; else to what was told, if anything was."""
        for channel in self._channels:
            added = db.execute(
                "UPDATE notices SET closed_at = ? "
                "WHERE channel = ? AND key = ? AND message IS NULL AND openings > 0",
                (_text(now), channel.name, key),
            )
            if added.rowcount:
                continue
            last = db.execute(
                "SELECT opened_at, closed_at FROM notices WHERE channel = ? AND key = ? "
                "ORDER BY id DESC LIMIT 1",
                (channel.name, key),
            ).fetchone()
            if last and last["closed_at"] is None:
                db.execute(
                    "INSERT INTO notices (channel, key, openings, opened_at, closed_at, due_at) "
                    "VALUES (?, ?, 0, ?, ?, ?)",
                    (channel.name, key, last["opened_at"], _text(now), _text(now)),
                )

    def _deliver(self, channel: Channel) -> int:
        delivered = 0
        while message := self._next(channel.name):
            delivered += self._attempt(channel, message)
        return delivered

    def _next(self, channel: str) -> Message | None:
        """The message to send now; until this process says how it went, it is its own."""
        now = self._clock()
        with self._transaction() as db:
            waiting = db.execute(
                "SELECT id, next_attempt_at FROM outbox WHERE channel = ? AND status = 'waiting'",
                (channel,),
            ).fetchone()
            if waiting and _is_ahead(_time(waiting["next_attempt_at"]), now, MAX_WAIT):
                return None
            identity = waiting["id"] if waiting else self._make(db, channel, now)
            if identity is None:
                return None
            db.execute(
                "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ? WHERE id = ?",
                (_text(now + MAX_ATTEMPT), identity),
            )
            return _message(db, identity)

    def _make(self, db: Database, channel: str, now: dt.datetime) -> str | None:
        """Put what is due into one message; ``None`` if nothing is, or the hour is full."""
        delivered = db.execute(
            "SELECT count(*) FROM outbox "
            "WHERE channel = ? AND status = 'delivered' AND ended_at > ? AND ended_at <= ?",
            (channel, _text(now - dt.timedelta(hours=1)), _text(now)),
        ).fetchone()[0]
        if delivered >= self._messages_an_hour:
            return None
        times = {"now": _text(now), "latest": _text(now + self._quiet_time)}
        due = db.execute(_SQL["due"], {"channel": channel, **times}).fetchall()
        if not due:
            return None
        identity = uuid.uuid4().hex
        db.execute(
            "INSERT INTO outbox (id, channel, state, status, made_at, attempts, next_attempt_at) "
            "VALUES (?, ?, ?, 'waiting', ?, 0, ?)",
            (identity, channel, "over" if due[0]["is_over"] else "open", _text(now), _text(now)),
        )
        db.executemany(
            "UPDATE notices SET message = ? WHERE id = ?", [(identity, row["id"]) for row in due]
        )
        return identity

    def _attempt(self, channel: Channel, message: Message) -> bool:
        """Send the message and take note of how that went; whether it was delivered."""
        try:
            remark = channel.send(message)
        except DeliveryError as error:
            self._not_delivered(message.id, error)
            return False
        if remark:
            _log.warning("%s", remark)
        with self._transaction() as db:
            db.execute(
                "UPDATE outbox SET status = 'delivered', ended_at = ?, last_error = ? WHERE id = ?",
                (_text(self._clock()), remark, message.id),
            )
        return True

    def _not_delivered(self, identity: str, error: DeliveryError) -> None:
        now = self._clock()
        with self._transaction() as db:
            row = db.execute(
                "SELECT channel, made_at, attempts FROM outbox WHERE id = ?", (identity,)
            ).fetchone()
            is_final = isinstance(error, Rejected) or now - _time(row["made_at"]) >= KEPT_FOR
            db.execute(
                "UPDATE outbox SET last_error = ?, next_attempt_at = ?, status = ?, ended_at = ? "
                "WHERE id = ? AND status = 'waiting'",
                (
                    str(error),
                    _text(now + _wait(row["attempts"])),
                    "failed" if is_final else "waiting",
                    _text(now) if is_final else None,
                    identity,
                ),
            )
        then = "It is given up." if is_final else "It will be tried again."
        _log.log(
            logging.ERROR if is_final else logging.WARNING,
            "An alert could not be sent by %s: %s %s",
            row["channel"],
            error,
            then,
        )

    @contextmanager
    def _transaction(self) -> Iterator[Database]:
        with (
            self._reporting(),
            closing(database.connect(self._place)) as db,
            db.alone(),
        ):
            yield db

    def _reporting(self) -> AbstractContextManager[None]:
        return database.reporting(self._place, AlertsError, "The incidents in")


def _wait(attempts: int) -> dt.timedelta:
    """How long after so many attempts the next one comes."""
    # Beyond 2**6 minutes it is the longest wait anyhow.
    return min(FIRST_WAIT * (1 << min(attempts - 1, 6)), MAX_WAIT)


def _is_ahead(moment: dt.datetime, now: dt.datetime, at_most: dt.timedelta) -> bool:
    """Whether to wait for it: what is further ahead was written while the clock was wrong."""
    return now < moment <= now + at_most


def _open_keys(db: Database, kind: Kind) -> list[str]:
    rows = db.execute(
        "SELECT key FROM incidents WHERE kind = ? AND closed_at IS NULL ORDER BY key", (kind,)
    )
    return [row["key"] for row in rows]


def _message(db: Database, identity: str) -> Message:
    state = db.execute("SELECT state FROM outbox WHERE id = ?", (identity,)).fetchone()["state"]
    rows = db.execute(
        f"SELECT {_INCIDENT}, openings, notices.opened_at, notices.closed_at "  # noqa: S608 - ours
        "FROM notices JOIN incidents USING (key) WHERE message = ? "
        "ORDER BY severity = 'error' DESC, notices.id",
        (identity,),
    )
    notices = tuple(
        Notice(
            _incident(row),
            row["openings"],
            _time(row["opened_at"]),
            row["closed_at"] and _time(row["closed_at"]),
        )
        for row in rows.fetchall()
    )
    return Message(identity, state, notices, _answered(db, identity))


def _answered(db: Database, identity: str) -> tuple[str, ...]:
    """The messages that told the openings whose ends this one tells."""
    rows = db.execute(
        "SELECT earlier.message FROM notices AS this JOIN notices AS earlier "
        "ON earlier.id = (SELECT max(id) FROM notices "
        "WHERE channel = this.channel AND key = this.key AND id < this.id) "
        "WHERE this.message = ? AND this.openings = 0 "
        "GROUP BY earlier.message ORDER BY min(earlier.id)",
        (identity,),
    )
    return tuple(row["message"] for row in rows)


def _incident(row: Row) -> Incident:
    values: dict[str, Any] = {name: row[name] for name in _INCIDENT.split(", ")}
    since, until = _time(values["since"]), values["until"] and _time(values["until"])
    return Incident(**{**values, "since": since, "until": until})


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
