"""Who may see the pages: accounts, invitations that hold once, and sessions that end.

They lie in one SQLite file of the data folder that nobody else may read. Of a password there is its
Argon2 hash, of a session or an invitation the hash of its token.

Belongs here: keeping and looking up. Does not belong here: requests, and how often somebody may try
(``sign_in``).
"""

import contextlib
import datetime as dt
import hashlib
import re
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from spotify_assets.storage.errors import FailureKind, ProjectError

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SESSION = dt.timedelta(hours=12)
"""A session ends so long after the sign-in, whatever happens in it: a working day."""
INVITATION = dt.timedelta(days=7)
NAME = re.compile(r"[\w.@+-]{1,64}")
MIN_PASSWORD, MAX_PASSWORD = 12, 256
"""Characters: above, it is only work for the server."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, hash TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sessions (
    token TEXT PRIMARY KEY, ends_at TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE REFERENCES accounts (name) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS invitations (
    token TEXT PRIMARY KEY, ends_at TEXT NOT NULL, role TEXT NOT NULL
);
"""


class AccountError(ProjectError):
    """An account cannot be made or found as it was asked for."""

    kind = FailureKind.USAGE


class Role(StrEnum):
    """What an account may do."""

    reader = "reader"
    """See the pages."""
    curator = "curator"
    """Decide about comments, too."""


@dataclass(frozen=True)
class Account:
    """Somebody who may see the pages."""

    name: str
    role: Role
    created_at: dt.datetime
    """UTC."""


class Accounts:
    """The accounts of a data folder; any number of processes may open it at a time."""

    def __init__(self, path: Path) -> None:
        """Make the file where there is none."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with self._open() as database:
            database.executescript(SCHEMA)

    def __len__(self) -> int:
        with self._open() as database:
            return int(database.execute("SELECT count(*) FROM accounts").fetchone()[0])

    def listed(self) -> list[Account]:
        """All of them, by name."""
        with self._open() as database:
            found = database.execute("SELECT name, role, created_at FROM accounts ORDER BY name")
            return [_account(row) for row in found]

    def add(self, name: str, password: str, role: Role) -> None:
        """Make an account.

        Raises:
            AccountError: There is one of that name, or name or password cannot be used.
        """
        _check(name, password)
        hashed = hasher().hash(password)
        with self._open() as database:
            _insert(database, name, role, hashed)

    def remove(self, name: str) -> None:
        """Delete an account; its sessions end at once.

        Raises:
            AccountError: There is none of that name.
        """
        with self._open() as database:
            if not database.execute("DELETE FROM accounts WHERE name = ?", [name]).rowcount:
                raise AccountError(
                    f"There is no account {name!r}: `spotify-assets accounts list` shows them."
                )

    def invite(self, role: Role) -> str:
        """The token of an invitation, by which one account can be made."""
        token = secrets.token_urlsafe(24)
        with self._open() as database:
            database.execute(
                "INSERT INTO invitations VALUES (?, ?, ?)",
                [_hash(token), _text(_now() + INVITATION), role.value],
            )
        return token

    def is_invited(self, token: str) -> bool:
        """Whether an invitation holds."""
        with self._open() as database:
            return _invitation(database, token) is not None

    def accept(self, token: str, name: str, password: str) -> None:
        """Make an account by an invitation, which holds no longer.

        Raises:
            AccountError: It does not hold, or the account cannot be made: then it still holds.
        """
        _check(name, password)
        hashed = hasher().hash(password)
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            role = _invitation(database, token)
            if role is None:
                raise AccountError("The invitation was used, or it is over: ask for another one.")
            _insert(database, name, role, hashed)
            database.execute("DELETE FROM invitations WHERE token = ?", [_hash(token)])

    def sign_in(self, name: str, password: str) -> str | None:
        """The token of a new session; ``None`` where name and password are of no account.

        It takes as long for a name that is none as for a wrong password.
        """
        with self._open() as database:
            row = database.execute("SELECT hash FROM accounts WHERE name = ?", [name]).fetchone()
        is_right = hasher().verify(password[:MAX_PASSWORD], row[0] if row else _nobody())
        if row is None or not is_right:
            return None
        token, now = secrets.token_urlsafe(32), _now()
        with self._open() as database:
            database.execute("DELETE FROM sessions WHERE ends_at <= ?", [_text(now)])
            database.execute(
                "INSERT INTO sessions SELECT ?, ?, name FROM accounts WHERE name = ?",
                [_hash(token), _text(now + SESSION), name],
            )
        return token

    def of_session(self, token: str | None) -> Account | None:
        """Whose session it is; ``None`` where it is none, or has ended."""
        if not token:
            return None
        with self._open() as database:
            row = database.execute(
                """
                SELECT a.name, a.role, a.created_at
                FROM sessions AS s JOIN accounts AS a USING (name)
                WHERE s.token = ? AND s.ends_at > ?""",
                [_hash(token), _text(_now())],
            ).fetchone()
        return None if row is None else _account(row)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._open() as database:
            database.execute("DELETE FROM sessions WHERE token = ?", [_hash(token)])

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one transaction."""
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=30)) as database:
                database.execute("PRAGMA foreign_keys = ON")
                with database:
                    yield database
        except sqlite3.Error as error:
            raise AccountError(f"The accounts in {self._path} cannot be used: {error}.") from error


def hasher() -> "PasswordHash":
    """Argon2, with the parameters that pwdlib recommends.

    Raises:
        AccountError: The extra is not installed.
    """
    try:
        from pwdlib import PasswordHash  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as error:
        raise AccountError("Accounts need an extra: pip install 'spotify-assets[pages]'") from error
    return PasswordHash.recommended()


_NOBODY: list[str] = []


def _nobody() -> str:
    """The hash of a password that nobody has."""
    if not _NOBODY:
        _NOBODY.append(hasher().hash(secrets.token_urlsafe()))
    return _NOBODY[0]


def _insert(database: sqlite3.Connection, name: str, role: Role, hashed: str) -> None:
    try:
        database.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, ?)", [name, role.value, hashed, _text(_now())]
        )
    except sqlite3.IntegrityError as error:
        raise AccountError(f"There is an account {name!r} already.") from error


def _check(name: str, password: str) -> None:
    if not NAME.fullmatch(name):
        raise AccountError(
            f"{name[:64]!r} is no name of an account: take 1 to 64 letters, digits or . @ + - _"
        )
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise AccountError(
            f"The password has {len(password)} characters: take {MIN_PASSWORD} to {MAX_PASSWORD}."
        )


def _invitation(database: sqlite3.Connection, token: str) -> Role | None:
    row = database.execute(
        "SELECT role FROM invitations WHERE token = ? AND ends_at > ?",
        [_hash(token), _text(_now())],
    ).fetchone()
    return None if row is None else Role(row[0])


def _account(row: tuple[str, str, str]) -> Account:
    name, role, created_at = row
    return Account(name, Role(role), dt.datetime.fromisoformat(created_at))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _text(at: dt.datetime) -> str:
    return at.isoformat(timespec="microseconds")
