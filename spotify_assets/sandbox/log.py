"""What the sandbox was asked and what it served: a list in memory, and lines of a file.

An entry is made when its request arrives, and is complete when the last byte is handed to the
connection. No entry holds a secret. What does not belong here: what is served (``traffic``).
"""

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spotify_assets.sandbox.behaviour import Fault

SECRET_PARAMS = frozenset(
    {"access_token", "client_secret", "code", "code_challenge", "code_verifier"}
    | {"refresh_token", "state"}
)
"""Parameters that no entry takes up."""


@dataclass(slots=True)
class Entry:
    """A request and its answer.

    Attributes:
        ordinal: Number of the request, from 1 on; faults are drawn by it.
        received_at: Unix time by the machine, seconds.
        clock_at: Unix time by the sandbox's clock, seconds.
        method: Of HTTP.
        path: As it came.
        family: Of the endpoint; sign-in and tokens are of ``token``.
        params: Of the query, without secrets; of a request for a token its kind of grant.
        day: What the header ``X-Sandbox-Date`` asked for.
        status: None if nothing was answered, or not yet.
        bytes_sent: Of the body.
        rows: Items on the pages or in the batch, nulls too. None if the answer has none or if a
            fault corrupted it.
        fault: What went wrong on purpose, ``rate_limit`` or ``quota``.
        whole: Whether all of the answer went to a connection that was open. A request under way,
            or that broke off, is not whole.
    """

    ordinal: int
    received_at: float
    clock_at: float
    method: str
    path: str
    family: str
    params: dict[str, str]
    day: str | None
    status: int | None = None
    bytes_sent: int = 0
    rows: int | None = None
    fault: Fault | Literal["rate_limit", "quota"] | None = None
    whole: bool = False

    def line(self) -> str:
        """Return the entry as JSON on a line, times in ISO 8601 (UTC)."""
        cells = {name: getattr(self, name) for name in self.__slots__}
        times = {name: _iso(cells[name]) for name in ("received_at", "clock_at")}
        return json.dumps(cells | times, ensure_ascii=False) + "\n"


class Log:
    """All entries, the latest last."""

    def __init__(self, file: Path | None = None) -> None:
        """Start empty.

        Args:
            file: Where complete entries are appended, in the order in which they end.

        Raises:
            OSError: The file cannot be written.
        """
        self._entries: list[Entry] = []
        self._file = file
        if file is not None:
            file.touch()

    def __len__(self) -> int:
        return len(self._entries)

    def since(self, ordinal: int = 0) -> list[Entry]:
        """Return the entries after an ordinal number, those under way too."""
        # The entry with ordinal n is at n - 1.
        return self._entries[ordinal:]

    def add(self, entry: Entry) -> None:
        """Take up a request that arrived; its ordinal is the next one."""
        self._entries.append(entry)

    def complete(self, entry: Entry) -> None:
        """Note that nothing more will be sent."""
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(entry.line())

    def clear(self) -> None:
        """Start again at 1; the file keeps what it has."""
        self._entries = []


def _iso(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")
