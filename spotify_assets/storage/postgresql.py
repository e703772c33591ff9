"""A PostgreSQL that several machines share: the other `Database`.

Its clock is the server's, so that machines whose clocks differ count alike. A name that is held is
an advisory lock of the session: the server gives it back when the process ends, however it ends. A
connection that broke is opened again; what was held on it must then be had again, or the work ends.

Belongs here: connecting, the differences of its SQL, and its errors in plain words. Does not belong
here: any table but that of the holds.
"""

import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from typing import Any, cast

from pydantic import SecretStr

from spotify_assets.storage.clock import Clock, Moment
from spotify_assets.storage.errors import FailureKind, StoreError
from spotify_assets.storage.holds import Held, Hold, this_process

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ModuleNotFoundError as missing:
    raise StoreError(
        "SPOTIFY_STATE_URL needs the driver of PostgreSQL: pip install 'spotify-assets[cluster]'."
    ) from missing

SCHEMA = "spotify_state"
"""Of the database: Dagster, or the published tables, may lie in the same one."""
PARAMETERS = {
    "connect_timeout": "10",
    # A cut network is noticed in half a minute, not after two hours.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Of libpq; what the URL says of them holds."""
BEGUN = (
    f"SET search_path TO {SCHEMA}",
    # On the other side the same: a machine that is gone gives back what it held.
    "SELECT set_config('tcp_keepalives_idle', '10', false), "
    "set_config('tcp_keepalives_interval', '5', false), "
    "set_config('tcp_keepalives_count', '3', false)",
    # Another waits for no longer than this for a step of ours.
    "SET lock_timeout TO '30s'",
    # A call that is counted stays counted, whatever the server's own setting is.
    "SET synchronous_commit TO on",
)
AGAIN_SECONDS = 30.0
"""How long a connection that broke is tried again: a server needs seconds to restart."""
HOLDS = """
CREATE TABLE IF NOT EXISTS holds (
    key INTEGER PRIMARY KEY, name TEXT NOT NULL, taken TEXT NOT NULL
) STRICT;
"""
EPOCH = """
CREATE OR REPLACE FUNCTION epoch(moment TEXT) RETURNS BIGINT LANGUAGE SQL STABLE
RETURN floor(extract(epoch FROM moment::timestamptz))::BIGINT
"""
NOW = """
SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION) AS now,
    CAST(pg_postmaster_start_time() AS TEXT) AS since
"""
PROGRAM = "spotify-assets"
HELD_BY = """
SELECT name, a.application_name AS holder
FROM pg_locks AS l JOIN holds ON (l.classid::BIGINT << 32) | l.objid::BIGINT = holds.key
JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
LOCAL = ("", "localhost", "127.0.0.1", "::1")
UNREADABLE = (
    "SPOTIFY_STATE_URL cannot be read: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE (in "
    "USER and PASSWORD, write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23)."
)
PERMANENT, RETRY = FailureKind.PERMANENT, FailureKind.RETRY
SAID = (
    ("28...", "password|authentication|role .* does not exist|no pg_hba", PERMANENT,
     "It does not let us in: check user and password in SPOTIFY_STATE_URL, and who may come from "
     "here."),
    ("3D000", "database .* does not exist", PERMANENT,
     "There is no such database: create it, or name another one in SPOTIFY_STATE_URL."),
    ("", "certificate|does not support SSL|no encryption", PERMANENT,
     "TLS does not work: turn it on there, and give its authority as sslrootcert=FILE in "
     "SPOTIFY_STATE_URL; in a network of your own, write ?sslmode=disable."),
    ("42501", "", PERMANENT,
     f"The role may not do that: give it the right to create the schema {SCHEMA} in the database, "
     "or create it for the role."),
    ("53100|58030", "", PERMANENT, "Its disk is full: make room there, then run again."),
    ("25006", "", RETRY, "It is a replica, or takes no changes now: name the primary, or wait."),
    ("55P03|40...|53300|57014", "", RETRY, "It is busy: run again."),
    ("08...|57P0.|25P0.", ".", RETRY,
     "It cannot be reached, or the connection broke. No call is lost from the count: what was not "
     "counted was not sent. See that it runs and can be reached from here; then run again."),
)  # fmt: skip
"""By its SQLSTATE, or its text where there is none: what an error means and what to do."""


class LockLost(StoreError):
    """The connection broke, and meanwhile another process has taken what was held on it."""

    kind = FailureKind.RETRY


class Row(tuple[Any, ...]):
    """A row as SQLite gives it: by name or by number."""

    __slots__ = ()
    names: tuple[str, ...] = ()

    def keys(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.names

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.names.index(key) if isinstance(key, str) else key)


def _rows(cursor: Any) -> Callable[[Sequence[Any]], Row]:
    names = tuple(column.name for column in cursor.description or ())
    return type("Row", (Row,), {"__slots__": (), "names": names})


class ServerClock(Clock):
    """That of the server, of all machines the same.

    PostgreSQL has no clock that nobody can set; so one that is set back makes everybody wait, at
    most for as long as it was set back, and lets nobody ask too much.
    """

    def __init__(self, server: "Server") -> None:
        self._server = server

    def now(self) -> Moment:
        """This moment."""
        now, since = self._server.execute(NOW).fetchone()
        return Moment(now, now, since)


class Server:
    """A connection to it."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url
        self._held: dict[str, str] = {}
        """Each name with what tells this time from any other that it was taken."""
        self._lost: LockLost | None = None
        self._within = False
        self.clock = ServerClock(self)
        self._db = _connect(url)

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        """Run a statement; outside of `alone` once more, where the connection broke."""
        if self._lost:
            raise self._lost
        try:
            return self._execute(sql, parameters)
        except psycopg.OperationalError:
            if self._within or not self._db.closed:
                raise
        self._connect_again()
        return self._execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> None:
        """Run a statement for each row."""
        for row in rows:
            self.execute(sql, row)

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        [found] = self.execute("SELECT to_regclass(?) IS NOT NULL", (table,)).fetchone()
        return bool(found)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """What is read and written within is one step to every other process."""
        # The lock goes with the transaction, so also where its process or its machine goes.
        try:
            self.execute(f"BEGIN; SELECT pg_advisory_xact_lock({key_of(SCHEMA)})")
            self._within = True
            yield
            self._execute("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):
                self._execute("ROLLBACK")
            raise
        finally:
            self._within = False

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold a name that nobody else holds meanwhile.

        Raises:
            Held: Somebody does.
        """
        key = key_of(name)
        # Outside of `_connect_again`, the first statement is one that may be run twice.
        self.execute("SELECT 1")
        if not self._take(name):
            raise Held(name, next((one.holder for one in self.holds() if one.name == name), ""))
        taken = uuid.uuid4().hex
        self.execute(
            "INSERT INTO holds (key, name, taken) VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET taken = excluded.taken",
            (key, name, taken),
        )
        self._held[name] = taken
        try:
            yield
        finally:
            del self._held[name]
            # Where the connection is gone, so is the lock.
            with suppress(psycopg.Error):
                self._execute("DELETE FROM holds WHERE key = ?", (key,))
                self._execute("SELECT pg_advisory_unlock(?)", (key,))

    def holds(self) -> list[Hold]:
        """Which names are held now, and by whom."""
        rows = self.execute(f"{HELD_BY} ORDER BY name").fetchall()
        return [Hold(name, _process(program)) for name, program in rows]

    def workers(self) -> list[str]:
        """The processes that are connected now, as ``host/pid``."""
        rows = self.execute(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE ? "
            "AND datname = current_database() ORDER BY 1",
            (f"{PROGRAM} %",),
        ).fetchall()
        return [_process(program) for (program,) in rows]

    def close(self) -> None:
        """End the connection, and what it holds."""
        self._db.close()

    def _execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        return self._db.execute(cast(Any, _translated(sql)), parameters)

    def _take(self, name: str) -> bool:
        [taken] = self._execute("SELECT pg_try_advisory_lock(?)", (key_of(name),)).fetchone()
        return bool(taken)

    def _connect_again(self) -> None:
        until, pause = time.monotonic() + AGAIN_SECONDS, 0.1
        while True:
            try:
                self._db = _connect(self._url)
                break
            except psycopg.OperationalError:
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 5.0)
        for name, taken in self._held.items():
            if not (self._take(name) and self._is_as_left(name, taken)):
                self._lost = LockLost(
                    f"The connection to PostgreSQL broke, and another process has gone on with "
                    f"{name} meanwhile. What came is kept; there is nothing to do."
                )
                self._db.close()
                raise self._lost

    def _is_as_left(self, name: str, taken: str) -> bool:
        """Whether nobody had it in between, who may have asked what this process would ask."""
        row = self._execute("SELECT taken FROM holds WHERE key = ?", (key_of(name),)).fetchone()
        return row is not None and row[0] == taken


@cache
def begin(url: SecretStr, schema: str) -> None:
    """Make the schema and its tables, where they are not there; once in a process."""
    with _connect(url) as db, db.transaction():
        # Two that begin at once would both find nothing, and one would fail.
        db.execute(f"SELECT pg_advisory_xact_lock({key_of(SCHEMA)})")
        there = db.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchone()
        if not there:
            db.execute(f"CREATE SCHEMA {SCHEMA}")
            db.execute(EPOCH)
        db.execute(cast(Any, _of_postgresql(HOLDS + schema)))


@contextmanager
def reporting(error: Callable[[str], StoreError], what: str) -> Iterator[None]:
    """Turn what PostgreSQL says into an ``error`` that says what to do."""
    try:
        yield
    except psycopg.Error as cause:
        text = " ".join(str(cause).split())
        kind, remedy = _meaning(cause.sqlstate or "", text)
        said = error(f"{what} cannot be used: {text.rstrip('.?')}. {remedy}")
        said.kind = kind
        raise said from cause


def where(url: SecretStr) -> str:
    """Where it is, without user and password."""
    given = _given(url)
    port = f":{given['port']}" if "port" in given else ""
    return f"in PostgreSQL at {given.get('host', 'localhost')}{port}/{given.get('dbname', '')}"


def key_of(name: str) -> int:
    """The number of an advisory lock."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _process(program: str) -> str:
    return program.removeprefix(f"{PROGRAM} ")


def _given(url: SecretStr) -> dict[str, Any]:
    text = url.get_secret_value()
    try:
        if not text.startswith(("postgresql://", "postgres://")):
            raise psycopg.ProgrammingError
        return dict(conninfo_to_dict(text))
    except psycopg.ProgrammingError:
        # It would quote what it cannot read.
        unreadable = StoreError(UNREADABLE)
    unreadable.kind = FailureKind.USAGE
    raise unreadable


def _connect(url: SecretStr) -> psycopg.Connection[Row]:
    given = _given(url)
    host = str(given.get("host", ""))
    tls = {} if host in LOCAL or host.startswith("/") else {"sslmode": "require"}
    words = {**PARAMETERS, **tls, **given, "application_name": f"{PROGRAM} {this_process()}"[:63]}
    db = psycopg.connect(
        **words,
        autocommit=True,
        # What is prepared is of one session, and a pooler gives others.
        prepare_threshold=None,
        cursor_factory=psycopg.ClientCursor,
        row_factory=cast(Any, _rows),
    )
    # As with SQLite, what is true or false is kept as a number.
    db.adapters.register_dumper(bool, psycopg.types.numeric.IntDumper)
    for statement in BEGUN:
        db.execute(cast(Any, statement))
    return cast("psycopg.Connection[Row]", db)


def _of_postgresql(schema: str) -> str:
    """The tables of a schema that is written for SQLite."""
    for theirs, ours in (
        (r"\bINTEGER PRIMARY KEY\b", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
        (r"\bINTEGER\b", "BIGINT"),
        (r"\bREAL\b", "DOUBLE PRECISION"),
        # There each table has one that nobody sees.
        (r"\n?\) STRICT;", ",\n    rowid BIGINT GENERATED ALWAYS AS IDENTITY\n);"),
    ):
        schema = re.sub(theirs, ours, schema)
    return schema


@lru_cache(maxsize=256)
def _translated(sql: str) -> str:
    """The same with the driver's marks for parameters: ``?`` and ``:name`` are SQLite's."""
    sql = sql.replace("%", "%%").replace("?", "%s")
    return re.sub(r"(?<![:\w]):([a-z_]+)", r"%(\1)s", sql)


def _meaning(state: str, text: str) -> tuple[FailureKind, str]:
    for states, texts, kind, meaning in SAID:
        # Texts name addresses and ports, which are no SQLSTATE.
        if re.fullmatch(states, state) if state else texts and re.search(texts, text):
            return kind, meaning
    return PERMANENT, "Nothing was changed there."
