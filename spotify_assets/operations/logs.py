"""Logs: JSON lines in files of the data folder, and where it is set on the standard output.

Belongs here: how a line is written, and where. Does not belong here: what a run adds to it
(``defs.run_log``), and what people are told of (``alerts``).
"""

import datetime as dt
import fcntl
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal, TextIO

from spotify_assets.text.visible import in_line, visible

OURS = "spotify_assets"
WRITTEN = "is_written"
"""Marks a record that a run wrote already, on its way up to the root logger."""
FIELDS = ("run", "job", "step", "genre", "day")
"""What a record can say besides; each stands in every line, null where there is none."""
_genre_day: ContextVar[tuple[str, str] | None] = ContextVar("genre_day", default=None)


@dataclass(frozen=True)
class LogSettings:
    """Where logs go, and how much of them is kept."""

    folder: Path
    level: str
    """The least level that is written of our own loggers; of others it is WARNING."""
    format: Literal["text", "json"]
    """What the terminal has: warnings as they read, or all lines as JSON."""
    files: int
    """How many files are kept, the growing one included; 0: none is written."""
    file_bytes: int


@contextmanager
def about(genre: str, day: dt.date) -> Iterator[None]:
    """Lines of this block are of one genre-day, whatever the run is of."""
    token = _genre_day.set((genre, day.isoformat()))
    try:
        yield
    finally:
        _genre_day.reset(token)


class JsonLine(logging.Formatter):
    """One JSON object a line. What others wrote ends no line and gives no terminal an order."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, str | int | None] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": in_line(getattr(record, "said", None) or record.getMessage()),
            "process": record.process,
        }
        of_run = {name: getattr(record, name, None) for name in FIELDS}
        if here := _genre_day.get():
            of_run["genre"], of_run["day"] = here
        line |= {name: None if value is None else in_line(value) for name, value in of_run.items()}
        if record.exc_info:
            line["error"] = visible(self.formatException(record.exc_info))
        elif error := getattr(record, "error", None):
            line["error"] = visible(error)
        return json.dumps(line, ensure_ascii=False)


class SharedFile(RotatingFileHandler):
    """A rotating file that many processes write to: one at a time turns it over."""

    def __init__(self, path: Path, files: int, file_bytes: int) -> None:
        # With no backup the growing file would never be cut.
        super().__init__(
            path, maxBytes=file_bytes, backupCount=max(files - 1, 1), encoding="utf-8", delay=True
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; where nothing can be written, the work goes on without it."""
        try:
            path = Path(self.baseFilename)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return
        with os.fdopen(lock):
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._follow(path)
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A disk that is full is told of by whoever needs it; anything else is a fault of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def _follow(self, path: Path) -> None:
        """Let go of the file where another process has turned it over."""
        if not self.stream:
            return
        held = os.fstat(self.stream.fileno())
        if not path.exists() or not os.path.samestat(held, path.stat()):
            self.close()


class _Warnings(logging.StreamHandler[TextIO]):
    """Warnings on the terminal, unless a progress bar or a run shows them already."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setLevel(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger(OURS).handlers:
            super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        return in_line(record.getMessage())


_handlers: list[logging.Handler] = []


def has_begun() -> bool:
    """Whether this process writes its logs already: a command that runs Dagster in its process."""
    return bool(_handlers)


def begin(settings: LogSettings, *, is_server: bool) -> None:
    """Have this process write its logs; what was begun before ends.

    Args:
        settings: Where they go.
        is_server: The standard output is for logs; else it is for what a command gives.
    """
    root = logging.getLogger()
    for handler in _handlers:
        root.removeHandler(handler)
        handler.close()
    _handlers.clear()
    if settings.files:
        path = settings.folder / "spotify-assets.log"
        _handlers.append(SharedFile(path, settings.files, settings.file_bytes))
    if settings.format == "json":
        _handlers.append(logging.StreamHandler(sys.stdout if is_server else sys.stderr))
    if settings.format == "json" and is_server:
        # Dagster's code server writes text to the standard output by itself.
        logging.getLogger("dagster").handlers.clear()
    for handler in _handlers:
        handler.setFormatter(JsonLine())
    if settings.format == "text" and not is_server:
        _handlers.append(_Warnings())
    for handler in _handlers:
        handler.addFilter(lambda record: not hasattr(record, WRITTEN))
        root.addHandler(handler)
    logging.getLogger(OURS).setLevel(settings.level)


def write(record: logging.LogRecord) -> None:
    """Write a record of a run, which says more than its logger could."""
    least = logging.getLogger(OURS).getEffectiveLevel()
    for handler in _handlers:
        if record.levelno >= least and not isinstance(handler, _Warnings):
            handler.handle(record)
    setattr(record, WRITTEN, True)
