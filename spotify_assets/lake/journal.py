"""The journal of a collection under way, the checkpoint that a restart goes on from.

``0001.journal.jsonl`` grows and is flushed to disk line by line. Beside it ``0001.terms.json`` says
under which terms the collection was begun. Of a lake on a store each response is on the store
first (``responses``); the file is what this machine reads of it.

Belongs here: opening, locking, mending and growing it. Does not belong here: which collection of a
partition is the one under way, and its sealing, which are ``raw``; the form of a line, which is
``exchanges``.
"""

import contextlib
import fcntl
import json
import logging
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.exchanges import (
    FORBIDDEN,
    Exchange,
    Request,
    Response,
    Source,
    decode,
    encode,
    is_final,
)
from spotify_assets.lake.responses import Responses
from spotify_assets.storage.disk import sync

log = logging.getLogger(__name__)
JOURNAL = "{:04d}.journal.jsonl"
TERMS = "{:04d}.terms.json"
"""Under which a collection under way was begun."""
DAMAGED = "{:04d}.damaged.jsonl"
"""Lines of a journal that are not what was written."""
ABANDONED = "{:04d}.abandoned.jsonl"
"""A journal that a collection under other terms has taken the place of."""


@dataclass(frozen=True)
class CollectionParameters:
    """Under which a collection was made."""

    source: Source
    market: str
    artists: int
    tracks: int


class Journal:
    """The responses of a collection under way.

    Opening it locks it for this process, drops a line that a kill cut in two, and finds the
    answers that are there already. A whole line that is not what was written is set aside in
    ``damaged``, and its request has no answer any more.

    Attributes:
        terms: Those that the collection was begun under.
        sealing: Held by the thread that seals it.

    Raises:
        LakeError: Another process collects the same partition.
    """

    def __init__(
        self, path: Path, terms: CollectionParameters, responses: Responses | None = None
    ) -> None:
        """Open it.

        Args:
            path: Where it lies.
            terms: What is wanted, where the collection begins now.
            responses: What of it is on the store, if the lake is on one.
        """
        self.path = path
        self.sealing = threading.Lock()
        self._responses = responses
        self._file = _locked(path)
        try:
            if responses is not None:
                self._fill(responses.lines())
            if damaged := self._read_what_is_there():
                self._set_aside(damaged)
                self._file.close()
                # The lock was on the file that is gone now; who takes the new one first, collects.
                self._file = _locked(path)
                self._read_what_is_there()
            self.terms = self._begun_under(terms)
        except BaseException:
            self._file.close()
            raise

    @property
    def damaged(self) -> Path:
        """Where damaged lines are kept."""
        return self.path.with_name(DAMAGED.format(number_of(self.path)))

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close, and so unlock."""
        self.close()

    def close(self) -> None:
        """Close, and so unlock."""
        # What `append` returned from is on the disk. Closing tries again to write a line that did
        # not fit, and would hide the `LakeError` that said so.
        with contextlib.suppress(OSError):
            self._file.close()

    def answer(self, request: Request) -> Response | None:
        """The final answer to ``request`` that is held, or ``None`` if it must be asked."""
        if request.identity not in self._answers:
            return None
        _, place = self._answers[request.identity]
        return self._exchange(*place).response

    def append(self, request: Request, response: Response) -> None:
        """Add a response; it is on the disk when this returns.

        Raises:
            LakeError: It cannot be written; the lines before it are still there.
        """
        line = encode(self.lines + 1, request, response)
        if self._responses is not None:
            self._responses.add(line)
        offset = self._file.seek(0, os.SEEK_END)
        with writing(self.path, f"line {self.lines + 1} of the journal"):
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        self._note(request, response, offset, len(line))

    def answered(self, endpoint: str) -> list[Request]:
        """What a family of requests was asked and has an answer, in the order it came."""
        asked = [request for request, _ in self._answers.values()]
        return [request for request in asked if request.endpoint == endpoint]

    def _fill(self, lines: list[bytes]) -> None:
        """Hold what is on the store, whatever was there: another machine may have gone on."""
        with writing(self.path, "the journal"):
            self._file.truncate(0)
            self._file.writelines(lines)
            self._file.flush()

    def _begun_under(self, terms: CollectionParameters) -> CollectionParameters:
        if self._responses is not None:
            told = self._responses.begun_under(json.dumps(asdict(terms)) + "\n")
            return CollectionParameters(**json.loads(told))
        noted = self.path.with_name(TERMS.format(number_of(self.path)))
        if noted.exists():
            try:
                return CollectionParameters(**json.loads(noted.read_text(encoding="utf-8")))
            except (ValueError, TypeError) as error:
                raise LakeError(
                    f"{noted} is damaged ({error}). Delete it: the collection goes on under the "
                    "terms that are asked for then."
                ) from error
        with writing(noted, "the terms of the collection"):
            temporary = noted.with_suffix(".writing")
            temporary.write_text(json.dumps(asdict(terms)) + "\n", encoding="utf-8")
            sync(temporary)
            temporary.replace(noted)
        return terms

    def _read_what_is_there(self) -> list[bytes]:
        """Find the answers; returns the lines that are damaged."""
        damaged: list[bytes] = []
        self._answers: dict[str, tuple[Request, tuple[int, int]]] = {}
        self._places: list[tuple[int, int]] = []
        self._file.seek(0)
        offset = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                self._file.truncate(offset)
                break
            try:
                exchange = decode(line)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                damaged.append(line)
            else:
                self._note(exchange.request, exchange.response, offset, len(line))
            offset += len(line)
        return damaged

    def _set_aside(self, damaged: list[bytes]) -> None:
        """Keep the damaged lines elsewhere, and go on with a journal of the others.

        A kill at any point leaves the old journal or the new one; of the damaged lines perhaps two
        copies.
        """
        log.warning(
            "%d line(s) of %s are damaged: they are kept in %s, and asked for again.",
            len(damaged),
            self.path,
            self.damaged.name,
        )
        with writing(self.path, "the journal"):
            with self.damaged.open("ab") as file:
                file.writelines(damaged)
                file.flush()
                os.fsync(file.fileno())
            whole = self.path.with_suffix(".healed")
            with whole.open("wb") as file:
                for line, place in enumerate(self._places, start=1):
                    exchange = self._exchange(*place)
                    file.write(encode(line, exchange.request, exchange.response))
                file.flush()
                os.fsync(file.fileno())
            whole.replace(self.path)

    def _exchange(self, offset: int, length: int) -> Exchange:
        self._file.seek(offset)
        return decode(self._file.read(length))

    def _note(self, request: Request, response: Response, offset: int, length: int) -> None:
        self._places.append((offset, length))
        # What the app may do changes, e.g. when Premium is paid again: a later run asks again.
        if is_final(request, response) and response.status != FORBIDDEN:
            self._answers[request.identity] = (request, (offset, length))

    @property
    def lines(self) -> int:
        """How many responses it holds."""
        return len(self._places)


def number_of(path: Path) -> int:
    """Which collection of its partition a file belongs to."""
    return int(path.name.split(".")[0])


def _locked(path: Path) -> BinaryIO:
    """The file, open for reading and appending, and locked for this process.

    Raises:
        LakeError: Another process has it.
    """
    with writing(path, "the journal"):
        path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with writing(path, "the journal"):
            file = path.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise LakeError(
                f"Another process collects into {path} right now. Wait for it, or stop it."
            ) from None
        # Another may have put a new file in its place between the opening and the lock.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()
