"""The calls to a language model, in an SQLite file: what each cost, and what was answered.

An answer is kept as soon as it is there, so that whatever stops a run, nothing is asked twice. No
text of a comment is in the file.

Belongs here: what is kept, and the budget of a day. Does not belong here: asking.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from spotify_assets.storage import sqlite
from spotify_assets.storage.errors import FailureKind, ProjectError, StoreError

SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    call_id INTEGER PRIMARY KEY, key TEXT NOT NULL, model TEXT NOT NULL, attempt INTEGER NOT NULL,
    is_repair INTEGER NOT NULL, asked_at TEXT NOT NULL, status INTEGER, failure TEXT,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS calls_asked_at ON calls (asked_at);
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS failures (key TEXT PRIMARY KEY, rounds INTEGER NOT NULL) STRICT;
"""


class BudgetUsedUp(ProjectError):
    """No more may be asked today."""

    kind = FailureKind.WAIT


@dataclass(frozen=True)
class Price:
    """What a model costs, by a million tokens; 0 where it is not known."""

    prompt: float = 0.0
    completion: float = 0.0


@dataclass(frozen=True)
class Call:
    """One request, and how it ended."""

    key: str
    model: str
    attempt: int
    is_repair: bool = False
    status: int | None = None
    failure: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Spent:
    """What a day took."""

    calls: int
    tokens: int
    cost: float


class Calls:
    """The file; threads and processes share it."""

    def __init__(self, path: Path, price: Price, tokens_a_day: int) -> None:
        """Open the file, or begin it.

        Raises:
            StoreError: It cannot be opened.
        """
        self.path, self._price, self._tokens_a_day = path, price, tokens_a_day
        with self._reporting():
            sqlite.begin(path, SCHEMA)

    def answers(self, keys: Iterable[str]) -> dict[str, str]:
        """Of each key that has one the answer."""
        with self._open() as db:
            found = [
                db.execute("SELECT key, answer FROM answers WHERE key = ?", (key,)).fetchone()
                for key in keys
            ]
        return {row["key"]: row["answer"] for row in found if row}

    def keep(self, key: str, answer: str) -> None:
        """Keep an answer; the first counts."""
        with self._open() as db:
            db.execute("INSERT OR IGNORE INTO answers VALUES (?, ?)", (key, answer))

    def settle(self, call: Call) -> None:
        """Enter a call that was made."""
        tokens = (call.prompt_tokens, call.completion_tokens)
        cost = (tokens[0] * self._price.prompt + tokens[1] * self._price.completion) / 1e6
        row = (call.key, call.model, call.attempt, int(call.is_repair), _now().isoformat())
        with self._open() as db:
            db.execute(
                "INSERT INTO calls VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, call.status, call.failure, *tokens, cost),
            )

    def failed(self, keys: Iterable[str]) -> dict[str, int]:
        """Count one more round without an answer of each; returns how many there were."""
        counted = {}
        with self._open() as db:
            for key in keys:
                [counted[key]] = db.execute(
                    "INSERT INTO failures VALUES (?, 1) "
                    "ON CONFLICT (key) DO UPDATE SET rounds = rounds + 1 RETURNING rounds",
                    (key,),
                ).fetchone()
        return counted

    def spent(self, day: dt.date | None = None) -> Spent:
        """What a day (UTC) took; else today."""
        of = f"{(day or _now().date()).isoformat()}%"
        with self._open() as db:
            row = db.execute(
                "SELECT count(*), coalesce(sum(prompt_tokens + completion_tokens), 0), "
                "coalesce(sum(cost), 0.0) FROM calls WHERE asked_at LIKE ?",
                (of,),
            ).fetchone()
        return Spent(*row)

    def check_budget(self) -> None:
        """Whether a call may be made.

        Raises:
            BudgetUsedUp: The tokens of the day are used.
        """
        if (used := self.spent().tokens) >= self._tokens_a_day:
            raise BudgetUsedUp(
                f"The labeller used {used:,} tokens today, of {self._tokens_a_day:,} a day. It "
                "goes on after midnight (UTC); SPOTIFY_LABELLER_DAILY_TOKENS changes it."
            )

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        with self._reporting(), closing(sqlite.connect(self.path)) as db:
            db.execute("PRAGMA synchronous = NORMAL")
            yield db

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        what = f"The labeller's calls in {self.path}"
        with sqlite.reporting(StoreError, what, ", and what was answered is asked again"):
            yield


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
