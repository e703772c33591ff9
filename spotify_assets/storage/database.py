"""What several processes share, in tables: a file of one machine, or a PostgreSQL of several.

The statements are the same for both, in the SQL that both speak; what only one has is in its
module. A statement outside of `Database.alone` may be run twice where a connection broke: what must
not be is said within.

Belongs here: the interface, and which of the two a place is. Does not belong here: any table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import SecretStr

from spotify_assets.storage import sqlite
from spotify_assets.storage.clock import Clock
from spotify_assets.storage.errors import StoreError
from spotify_assets.storage.holds import Hold

Parameters = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Shared:
    """A PostgreSQL that several machines share; it stands where the path of a file would."""

    url: SecretStr

    def exists(self) -> bool:
        """Whether there is something to look at: of a server that is always so."""
        return True

    def __str__(self) -> str:
        """Where it is, without user and password."""
        from spotify_assets.storage import postgresql  # noqa: PLC0415 - needs a driver

        return postgresql.where(self.url)


Place = Path | Shared


class Row(Protocol):
    """A row, by name or by number; it can be unpacked, and be made a ``dict``."""

    def keys(self) -> Any:
        """The names of the columns."""

    def __getitem__(self, key: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    @property
    def description(self) -> Any:
        """Of each column the name, and more."""

    def fetchone(self) -> Any:
        """The next row; ``None`` where there is none."""

    def fetchall(self) -> list[Any]:
        """The rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A connection; each statement is a transaction unless within `alone`."""

    @property
    def clock(self) -> Clock:
        """The one clock by which all that share it go."""

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run a statement."""

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> object:
        """Run a statement for each row."""

    def has(self, table: str) -> bool:
        """Whether there is such a table."""

    def alone(self) -> AbstractContextManager[None]:
        """What is read and written within is one step to every other process."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Hold a name that nobody else holds meanwhile; any end of the process gives it back.

        Raises:
            Held: Somebody does.
        """

    def holds(self) -> list[Hold]:
        """Which names are held now, and by whom; by name."""

    def workers(self) -> list[str]:
        """The processes, ``host/pid``, that are connected, or of a file that hold something."""

    def close(self) -> None:
        """End the connection, and what it holds."""


def begin(place: Place, schema: str, added: Mapping[str, str] = MappingProxyType({})) -> None:
    """Make the tables, where they are not there.

    Args:
        place: Where.
        schema: Statements that make what is not there.
        added: ``table.column`` → statements for tables of a version that did not have it.
    """
    if isinstance(place, Path):
        sqlite.begin(place, schema, added)
        return
    from spotify_assets.storage import postgresql  # noqa: PLC0415 - needs a driver

    postgresql.begin(place.url, schema)


def connect(place: Place) -> Database:
    """A connection of its own."""
    if isinstance(place, Path):
        return sqlite.File(place)
    from spotify_assets.storage.postgresql import Server  # noqa: PLC0415 - needs a driver

    return Server(place.url)


def reporting(
    place: Place, error: Callable[[str], StoreError], what: str, then: str = ""
) -> AbstractContextManager[None]:
    """Turn what the database and the disk say into an ``error`` that says what to do.

    Args:
        place: Where.
        error: The error to raise.
        what: What of it, to begin the sentence with.
        then: What a new file would lack, to end the sentence with.
    """
    if isinstance(place, Path):
        return sqlite.reporting(error, f"{what} {place}", then)
    from spotify_assets.storage import postgresql  # noqa: PLC0415 - needs a driver

    # Its name begins with "in".
    return postgresql.reporting(error, f"{what.removesuffix(' in')} {place}")
