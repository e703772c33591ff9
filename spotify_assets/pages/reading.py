"""Asking the warehouse for a page: connect, query, close, whatever is published meanwhile.

Belongs here: rows of a question, and in which state the file is. Does not belong here: a question
(each page has a ``.sql`` of its own), and what a page says of it.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from spotify_assets.schemas import examples
from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.reading import read_only

MAX_KEPT = 256
"""Answers that are kept for as long as the file is the same: pages refresh more often than it."""
State = tuple[int, int, int]
"""Of a file: its number, when it was written (ns since 1970), its bytes."""


class Reason(StrEnum):
    """Why there is nothing to show."""

    missing = "missing"
    older = "older"
    unreadable = "unreadable"


class NotReadable(Exception):
    """The warehouse cannot be asked now; ``details`` are for whoever runs the server."""

    def __init__(self, reason: Reason, details: str) -> None:
        super().__init__(details)
        self.reason, self.details = reason, details


def questions(page: str) -> dict[str, str]:
    """The SQL of a page, such as ``dashboard/genres``, by what it asks."""
    text = resources.files(__package__).joinpath(f"{page}.sql").read_text(encoding="utf-8")
    return examples.by_question(text)


def state(database: Path) -> State:
    """In which state the file is.

    Raises:
        NotReadable: There is none.
    """
    try:
        found = database.stat()
    except OSError as error:
        raise NotReadable(Reason.missing, str(error)) from error
    return found.st_ino, found.st_mtime_ns, found.st_size


def published_at(database: Path) -> dt.datetime:
    """When the file that is there was published (UTC).

    Raises:
        NotReadable: There is none.
    """
    return dt.datetime.fromtimestamp(state(database)[1] / 1e9, dt.UTC)


def rows(database: Path, sql: str, **told: Any) -> pl.DataFrame:
    """The rows of a question, of one published state.

    Args:
        database: The DuckDB file.
        sql: The question, with ``$name`` for each value.
        told: The values, which are bound.

    Raises:
        NotReadable: There is no warehouse, it was made by an older version that did not have what
            is asked for, or it cannot be opened.
    """
    return _rows(database, state(database), sql, tuple(told.items()))


@lru_cache(MAX_KEPT)
def _rows(database: Path, _: State, sql: str, told: tuple[tuple[str, Any], ...]) -> pl.DataFrame:
    with asking(database) as ask:
        return ask(sql, **dict(told))


@contextmanager
def asking(database: Path) -> Iterator[Callable[..., pl.DataFrame]]:
    """Ask several questions of one published state: each as `rows` takes it.

    Raises:
        NotReadable: As `rows`; of a question that the warehouse lacks tables for, where it is
            asked, and others can be asked after it.
    """
    with ExitStack() as stack:
        with _not_readable(database):
            connection = stack.enter_context(read_only(database))

        def ask(sql: str, **told: Any) -> pl.DataFrame:
            with _not_readable(database):
                return connection.execute(sql, told or None).pl()

        yield ask


@contextmanager
def _not_readable(database: Path) -> Iterator[None]:
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise NotReadable(Reason.older, str(error)) from error
    except (WarehouseError, duckdb.Error) as error:
        reason = Reason.unreadable if database.exists() else Reason.missing
        raise NotReadable(reason, str(error)) from error
