"""A connection to MySQL or MariaDB, and its errors in plain words.

Belongs here: connecting, running statements, rows in and out. Does not belong here: what is asked.
"""

import json
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import polars as pl
from pydantic import SecretStr

from spotify_assets.schemas import Contract
from spotify_assets.storage.errors import FailureKind
from spotify_assets.warehouse.databases.errors import TargetError

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 20_000
LOCAL = ("", "localhost", "127.0.0.1", "::1")
MODES = "ANSI_QUOTES,STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT"
UNREADABLE = (
    "SPOTIFY_PUBLISH_URL cannot be read: write mysql://USER:PASSWORD@HOST:PORT/ (in USER and "
    "PASSWORD, write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23)."
)
PERMANENT, RETRY = FailureKind.PERMANENT, FailureKind.RETRY
SAID = (
    ((1045, 1698, 2054), PERMANENT, "Check user and password in SPOTIFY_PUBLISH_URL."),
    ((1044, 1142, 1227, 1370), PERMANENT,
     "The role may not do that. `spotify-assets publish-to --print-ddl` prints what somebody who "
     "may has to run once."),
    ((1021, 1114, 3), PERMANENT, "Its disk is full. Make room there; no row has changed."),
    ((1406,), PERMANENT, "A text is longer than a key can hold there."),
    ((1062,), PERMANENT,
     "What is there does not fit: rows were edited by hand. `publish-to --verify` lists them, "
     "`publish-to --full-refresh` mends them."),
    ((1205, 1213), RETRY, "It ran against another transaction. Publish again."),
    ((2003, 2006, 2013, 1053, 1040, 1927), RETRY,
     "It cannot be reached, or the connection broke. See that it runs, and that its port is open "
     "from here; then publish again. No row is half done."),
)  # fmt: skip
"""For an error's number, what it means and what to do."""
UNTRUSTED = (
    "Its TLS certificate cannot be verified. Give the authority's as ssl_ca=FILE in "
    "SPOTIFY_PUBLISH_URL, and connect by the name in it."
)


class Session:
    """A connection; rows that are changed are one transaction until `commit`.

    Args:
        url: ``mysql://user:password@host:port/``; ``?ssl_ca=FILE`` verifies the server.

    Raises:
        TargetError: Of every method, where the database refuses.
    """

    def __init__(self, url: SecretStr) -> None:
        with self.plainly():
            self._connection = _connect(url)
        self.is_mariadb = "MariaDB" in str(self.value("SELECT version()"))
        self.execute(
            f"SET SESSION sql_mode = '{MODES}', time_zone = '+00:00', foreign_key_checks = 0"
        )
        host, is_off = urlsplit(url.get_secret_value()).hostname or "", "ssl=off"
        is_exempt = host in LOCAL or is_off in url.get_secret_value()
        if not is_exempt and not self.rows("SHOW STATUS LIKE 'Ssl_cipher'")[0][1]:
            self.close()
            raise TargetError(
                "It has no TLS, and without it everybody on the way reads along. Turn it on there; "
                "in a network of your own, write ?ssl=off into SPOTIFY_PUBLISH_URL."
            )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def collation(self) -> str:
        """One that compares texts byte by byte."""
        return "utf8mb4_nopad_bin" if self.is_mariadb else "utf8mb4_0900_bin"

    def close(self) -> None:
        """End the session; what was not committed is undone."""
        if self._connection.open:
            self._connection.close()

    def execute(self, sql: str, *values: object) -> int:
        """Run a statement; returns how many rows it changed. ``%s`` stands for a value."""
        with self.plainly(sql), self._connection.cursor() as cursor:
            return int(cursor.execute(sql, values or None))

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.plainly(sql), self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def value(self, sql: str, *values: object) -> Any:
        """The first value of a query's first row."""
        return self.rows(sql, *values)[0][0]

    def insert(self, table: str, columns: str, reader: "pa.RecordBatchReader") -> None:
        """Append rows, many in a statement; lists as JSON."""
        for batch in reader:
            values = [
                [json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in row]
                for row in zip(*(one.to_pylist() for one in batch.columns), strict=True)
            ]
            marks = ", ".join(["%s"] * batch.num_columns)
            sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
            with self.plainly(sql), self._connection.cursor() as cursor:
                cursor.executemany(sql, values)

    def read(self, sql: str, contract: type[Contract], *values: object) -> Iterator[pl.DataFrame]:
        """The rows of a table as they come, of the types of its contract."""
        import pymysql.cursors  # noqa: PLC0415 - only who publishes there has it

        schema = contract.polars_schema()
        lists = [at for at, kind in enumerate(schema.dtypes()) if kind == pl.List(pl.String())]
        with self.plainly(sql), self._connection.cursor(pymysql.cursors.SSCursor) as cursor:
            cursor.execute(sql, values or None)
            while batch := cursor.fetchmany(BATCH_ROWS):
                rows = [_with_lists(row, lists) for row in batch] if lists else batch
                columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
                yield pl.DataFrame(
                    [
                        pl.Series(name, list(held), kind, strict=False)
                        for (name, kind), held in columns
                    ]
                )

    def commit(self) -> None:
        """What was changed is seen by others, all at once."""
        with self.plainly("COMMIT"):
            self._connection.commit()

    @contextmanager
    def plainly(self, statement: str = "") -> Iterator[None]:
        """Where the driver fails, say what it means and what to do.

        Raises:
            TargetError: It does.
        """
        try:
            import pymysql  # noqa: PLC0415 - only who publishes there has it
        except ModuleNotFoundError as error:
            raise TargetError(
                "Publishing to MySQL needs its driver: pip install 'spotify-assets[mysql]'."
            ) from error
        try:
            yield
        except pymysql.Error as error:
            number, said = (*error.args, "", "")[:2]
            kind, meaning = _meaning(number, str(said))
            asked = f" It was asked: {' '.join(statement.split())[:200]}" if statement else ""
            raise TargetError(f"MySQL says: {said or number}. {meaning}{asked}", kind) from None


def _meaning(number: object, said: str) -> tuple[FailureKind, str]:
    # The driver gives a certificate the number of a server that is down, which may pass.
    if "certificate" in said.lower():
        return PERMANENT, UNTRUSTED
    return next(
        ((kind, meaning) for numbers, kind, meaning in SAID if number in numbers),
        (PERMANENT, "No row was changed there."),
    )


def _connect(url: SecretStr) -> Any:
    import pymysql  # noqa: PLC0415 - only who publishes there has it

    split = _split(url)
    given = {name: found[0] for name, found in parse_qs(split.query).items()}
    tls: dict[str, Any] = {}
    if "ssl_ca" in given:
        _hold_readable(given["ssl_ca"])
        tls = {"ssl_ca": given["ssl_ca"], "ssl_verify_cert": True, "ssl_verify_identity": True}
    elif (split.hostname or "") not in LOCAL and given.get("ssl") != "off":
        tls = {"ssl": {"check_hostname": False, "verify_mode": False}}
    return pymysql.connect(
        host=split.hostname or "localhost",
        port=split.port or 3306,
        user=unquote(split.username or ""),
        password=unquote(split.password or ""),
        charset="utf8mb4",
        connect_timeout=10,
        read_timeout=3600,
        write_timeout=600,
        **tls,
    )


def _hold_readable(authority: str) -> None:
    try:
        ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise TargetError(f"ssl_ca in SPOTIFY_PUBLISH_URL cannot be read: {error}") from None


def _split(url: SecretStr) -> SplitResult:
    """The parts of the URL; of one whose password is not escaped, none is shown."""
    try:
        split = urlsplit(url.get_secret_value())
        is_cut = "@" in f"{split.path}{split.query}{split.fragment}" or split.port == 0
    except ValueError:
        is_cut = True
    if is_cut:
        raise TargetError(UNREADABLE, FailureKind.USAGE)
    return split


def _with_lists(row: Sequence[Any], lists: list[int]) -> list[Any]:
    held = list(row)
    for at in lists:
        held[at] = None if held[at] is None else json.loads(held[at])
    return held
