"""A connection to PostgreSQL, and its errors in plain words.

Belongs here: connecting, running statements, copying rows in and out. Does not belong here: what is
asked.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import duckdb
from pydantic import SecretStr

from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import ChangeRefused, TargetError

if TYPE_CHECKING:
    import adbc_driver_postgresql.dbapi as adbc
    import pyarrow as pa

PERMANENT, RETRY = FailureKind.PERMANENT, FailureKind.RETRY
OLDEST = 14
PARAMETERS = {
    "application_name": "spotify-assets",
    "connect_timeout": "10",
    # A cut network is noticed in a minute, not after two hours.
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""Of libpq; what the URL says of them holds."""
ALIVE = (
    # The same on the other side: a client that is gone frees its locks.
    "SELECT set_config('tcp_keepalives_idle', '20', false), "
    "set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)",
    # Only Linux can see it in the midst of a statement.
    "SELECT set_config('client_connection_check_interval', '5s', false) "
    "WHERE version() LIKE '%linux%'",
)
LOCAL = ("", "localhost", "127.0.0.1", "::1")
UNREADABLE = (
    "SPOTIFY_PUBLISH_URL cannot be read: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE (in "
    "USER and PASSWORD, write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23)."
)
SAID = (
    ("28...", "password authentication|role .* does not exist|no pg_hba", PERMANENT,
     "It does not let us in. Check user and password in SPOTIFY_PUBLISH_URL, and who may come from "
     "here."),
    ("3D000", "database .* does not exist", PERMANENT,
     "There is no such database: create it, or name another one in SPOTIFY_PUBLISH_URL."),
    ("", r"certificate|root\.crt|host ?name .* match", PERMANENT,
     "Its TLS certificate cannot be verified. Give the authority's as sslrootcert=FILE in "
     "SPOTIFY_PUBLISH_URL, and connect by the name in it."),
    ("", "does not support SSL|no encryption", PERMANENT,
     "It has no TLS, and without it everybody on the way reads along. Turn it on there; in a "
     "network of your own, write ?sslmode=disable into SPOTIFY_PUBLISH_URL."),
    ("42501", "permission denied", PERMANENT,
     "The role may not do that. `spotify-assets publish-to --print-ddl` prints what somebody who "
     "may has to run once."),
    ("42P01|42703|3F000", "", PERMANENT,
     "What is asked for is not there: nothing was published to it yet (`spotify-assets "
     "publish-to`), or somebody took it away (`publish-to --full-refresh` makes it again)."),
    ("53100|58030", "No space left", PERMANENT,
     "Its disk is full. Make room there; nothing has changed."),
    ("53300", "too many (connections|clients)|connection slots", RETRY,
     "It has no connection left. Close some, then publish again."),
    ("55P03|57014", "lock timeout", RETRY,
     "Somebody holds what has to be changed: another publication, or a reader whose transaction is "
     "open. Publish again when it has ended."),
    ("25006|57P03", "read-only|starting up|shutting down|recovery mode", RETRY,
     "It takes no changes now: it is a replica, or is starting."),
    ("40001|40P01", "", RETRY, "It ran against another transaction. Publish again."),
    ("2BP01|0A000|42P16|42P13|42P07", "", PERMANENT,
     "Something there stands in the way. If it is a view or table of your own, drop it and create "
     "it again after; else publish with --full-refresh."),
    ("23...", "", PERMANENT,
     "What is there does not fit: rows were edited by hand. `publish-to --verify` lists them, "
     "`publish-to --full-refresh` mends them."),
    ("08...|57P0.",
     "refused|could not|accepting connections|timed? ?out|closed|reset|EOF|No route|[Nn]etwork|"
     "no connection|server process|terminat", RETRY,
     "It cannot be reached, or the connection broke. See that it runs, and that its port is open "
     "from here; then publish again. Nothing is half done."),
)  # fmt: skip
"""By its SQLSTATE, or by its text where there is none: what an error means and what to do."""
IN_THE_WAY = ("2BP01", "0A000", "42P16", "42P13", "42P07")


class Session:
    """A connection; what is executed is one transaction until `commit`.

    Args:
        url: As libpq has it: ``postgresql://user:password@host/database?sslmode=…``.

    Raises:
        TargetError: Of every method, where the database refuses.
    """

    def __init__(self, url: SecretStr) -> None:
        self._url = url
        self._statement = ""
        with self.plainly():
            self._connection = _connect(url)
            self._cursor = self._connection.cursor()
        try:
            # First: an older one does not know what keeps it alive.
            self._hold_to_version()
            self.run(ALIVE)
            self.commit()
        except TargetError:
            self.close()
            raise

    def _hold_to_version(self) -> None:
        version = int(self.value("SELECT current_setting('server_version_num')"))
        if version < OLDEST * 10_000:
            raise TargetError(
                f"It is PostgreSQL {version // 10_000}; {OLDEST} is the oldest that is supported."
            )
        if (encoding := self.value("SELECT current_setting('server_encoding')")) != "UTF8":
            raise TargetError(f"Its texts are {encoding}; create a database with ENCODING 'UTF8'.")

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session; what was not committed is undone."""
        import adbc_driver_manager as manager  # noqa: PLC0415 - only who publishes there has it

        try:
            self._cursor.close()
            self._connection.close()
        except manager.Error:
            # The connection is gone already, and with it the transaction: there is nothing to end.
            return

    def execute(self, sql: str, *values: object) -> None:
        """Run a statement; ``$1`` stands for the first value."""
        with self.plainly(sql):
            self._cursor.execute(sql, list(values) or None)

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.plainly(sql):
            self._cursor.execute(sql, list(values) or None)
            return list(self._cursor.fetchall())

    def value(self, sql: str, *values: object) -> Any:
        """The first value of a query's first row."""
        return self.rows(sql, *values)[0][0]

    def changed(self, sql: str) -> int:
        """Run a statement that changes rows; returns how many."""
        self.execute(sql)
        return int(self._cursor.rowcount)

    def run(self, statements: Iterable[str]) -> None:
        """Run statements one after the other."""
        for statement in statements:
            self.execute(statement)

    def copy_in(self, rows: "pa.RecordBatchReader", table: str, schema: str | None = None) -> int:
        """Append rows to a table by COPY; without a schema, to a temporary one.

        Returns:
            How many.
        """
        with self.plainly(f"COPY {table}"):
            sent = self._cursor.adbc_ingest(
                table, rows, mode="append", db_schema_name=schema, temporary=schema is None
            )
            return int(sent)

    @contextmanager
    def copy_out(self, sql: str) -> "Iterator[pa.RecordBatchReader]":
        """The rows of a query, as they come."""
        with self.plainly(sql):
            self._cursor.execute(sql)
            rows = self._cursor.fetch_record_batch()
        try:
            yield rows
        except duckdb.InvalidInputException as error:
            # DuckDB reads them, and says what the driver said where the connection breaks.
            _, is_theirs, said = str(error).rpartition("[libpq] ")
            if not is_theirs:
                raise
            raise self._error(said, "", sql) from None

    def commit(self) -> None:
        """What was executed is seen by others, all at once."""
        with self.plainly("COMMIT"):
            self._connection.commit()

    def rollback(self) -> None:
        """Undo what was executed."""
        with self.plainly("ROLLBACK"):
            self._connection.rollback()

    @contextmanager
    def plainly(self, statement: str = "") -> Iterator[None]:
        """Where the driver fails, say what it means and what to do; passwords are left out.

        Raises:
            TargetError: It does.
        """
        import adbc_driver_manager as manager  # noqa: PLC0415 - only who publishes there has it

        try:
            yield
        except manager.Error as error:
            raise self._error(str(error), error.sqlstate or "", statement) from None

    def _error(self, said: str, state: str, statement: str) -> TargetError:
        text = _without_secrets(said, self._url)
        failure, meaning = _meaning(state, text)
        kind = ChangeRefused if state in IN_THE_WAY else TargetError
        asked = f" It was asked: {' '.join(statement.split())[:200]}" if statement else ""
        return kind(f"PostgreSQL says: {_first_line(text)} {meaning}{asked}", failure)


def _connect(url: SecretStr) -> "adbc.Connection":
    try:
        import adbc_driver_postgresql.dbapi as adbc  # noqa: PLC0415 - only who publishes has it
    except ModuleNotFoundError as error:
        raise TargetError(
            "Publishing to PostgreSQL needs its driver: pip install 'spotify-assets[postgresql]'."
        ) from error
    return adbc.connect(completed(url.get_secret_value()))


def completed(url: str) -> str:
    """The URL with `PARAMETERS`; and, of another machine, with TLS unless it says otherwise."""
    try:
        split = urlsplit(url)
    except ValueError:
        split = urlsplit("")
    # For libpq a plus is a plus.
    given = dict(parse_qsl(split.query.replace("+", "%2B"), keep_blank_values=True))
    # A raw @ after the host: the password ended before it, and the rest of it would be shown as the
    # name of a database, a port or a parameter.
    is_cut = "@" in f"{split.path}{split.query}{split.fragment}"
    if split.scheme not in ("postgresql", "postgres") or is_cut:
        raise TargetError(UNREADABLE, FailureKind.USAGE)
    is_local = (split.hostname or "") in LOCAL and given.get("host", "/").startswith("/")
    tls = {} if is_local else {"sslmode": "require"}
    query = urlencode(PARAMETERS | tls | given, quote_via=quote)
    return f"{url.partition('?')[0]}?{query}"


def _meaning(state: str, text: str) -> tuple[FailureKind, str]:
    for states, texts, kind, meaning in SAID:
        # Texts name addresses and ports, which are no SQLSTATE.
        if re.fullmatch(states, state) if state else texts and re.search(texts, text):
            return kind, meaning
    return PERMANENT, "Nothing was changed there."


def _first_line(text: str) -> str:
    said = re.sub(r"^.*?(ERROR|FATAL|PANIC): ", "", text, flags=re.S)
    said = re.sub(r"^[A-Z_]+: (\[libpq\] )?", "", said.strip())
    said = re.sub(r"\nLINE \d.*|\n*Query was:.*|\.? *SQLSTATE: .*", "", said, flags=re.S)
    return f"{' '.join(said.split()).rstrip('.')}."


def _without_secrets(text: str, url: SecretStr) -> str:
    """Libpq quotes a URL that it cannot read."""
    secret = url.get_secret_value()
    split = urlsplit(secret)
    query = dict(parse_qsl(split.query.replace("+", "%2B")))
    passwords = [split.password, query.get("password"), query.get("sslpassword")]
    known = [one for password in passwords if password for one in (password, unquote(password))]
    for one in sorted({secret, completed(secret), *known}, key=len, reverse=True):
        text = text.replace(one, "***")
    return text
