"""Raw responses: a journal while a collection is under way, sealed when it is finished.

A collection is one file, a line a response: ``0001.journal.jsonl`` grows and is flushed to disk
line by line, and is the checkpoint that a restart goes on from. Sealed, it is ``0001.jsonl.zst``
with a sidecar ``0001.json`` that holds its lines, bytes and hash: a ``.zst`` that was cut at a
block boundary reads as complete, so only the sidecar can tell. A further collection of the same
partition is ``0002``; nothing is overwritten.

A line ends with the body, as it came. Where it is JSON on one line, its very bytes stand under the
name of the endpoint, so that each form of response is a column of its own to DuckDB. Else ``text``
holds the characters, or ``base64`` the bytes where they are no text.
"""

import base64
import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, Self

import zstandard

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.lake.layout import RAW_CATALOG, GenreDay, Lake

log = logging.getLogger(__name__)
Source = Literal["spotify", "sandbox"]
SEALED = "{:04d}.jsonl.zst"
SIDECAR = "{:04d}.json"
JOURNAL = "{:04d}.journal.jsonl"
TERMS = "{:04d}.terms.json"
"""Under which a collection under way was begun."""
DAMAGED = "{:04d}.damaged.jsonl"
"""Lines of a journal that are not what was written."""
ABANDONED = "{:04d}.abandoned.jsonl"
"""A journal that a collection under other terms has taken the place of."""
COPY_BYTES = 1 << 20
FORBIDDEN = 403
# A lone UTF-16 surrogate is JSON to Python but to no database: such a body is kept as text.
LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Request:
    """A question to the API: what makes it the same question when it is asked again."""

    endpoint: str
    """Endpoint family, e.g. ``search`` or ``artists``."""
    path: str
    params: Mapping[str, str | int]

    @property
    def identity(self) -> str:
        """The same text for the same question."""
        return json.dumps([self.endpoint, self.path, dict(sorted(self.params.items()))])


@dataclass(frozen=True)
class Response:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    requested_at: dt.datetime
    elapsed_ms: int

    @property
    def received_at(self) -> dt.datetime:
        """When it was there."""
        return self.requested_at + dt.timedelta(milliseconds=self.elapsed_ms)

    def json(self) -> Any:
        """The body as JSON; ``None`` where it is not."""
        return parse(self.body)


@dataclass(frozen=True)
class Exchange:
    """One line of a raw file."""

    line: int
    request: Request
    response: Response


@dataclass(frozen=True)
class Terms:
    """Under which a collection was made."""

    source: Source
    market: str
    artists: int
    tracks: int


@dataclass(frozen=True)
class Sealed:
    """A finished collection of a genre-day."""

    genre_day: GenreDay
    path: Path
    source_file: str
    """``path`` relative to the lake."""
    lines: int
    bytes: int
    """Size of the lines, uncompressed."""
    sha256: str
    """Of the compressed file."""
    terms: Terms


def parse(body: bytes) -> Any:
    """``body`` as strict JSON; ``None`` where it is not JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        # Decoded here: from bytes `loads` also takes UTF-16, a byte order mark and surrogates, and
        # none of these can stand inside a line.
        return json.loads(body.decode(), parse_constant=refuse)
    except (ValueError, RecursionError):
        return None


def encode(line: int, request: Request, response: Response) -> bytes:
    """One line of a raw file, with its line end."""
    head = {
        "seq": line,
        "endpoint": request.endpoint,
        "path": request.path,
        "params": dict(request.params),
        "status": response.status,
        "headers": dict(response.headers),
        "requested_at": response.requested_at.isoformat(),
        "elapsed_ms": response.elapsed_ms,
        "bytes": len(response.body),
        "sha256": hashlib.sha256(response.body).hexdigest(),
    }
    return _dump(head)[:-1] + _encode_body(request.endpoint, response.body) + b"}\n"


def _encode_body(endpoint: str, body: bytes) -> bytes:
    on_one_line = b"\n" not in body and b"\r" not in body
    if on_one_line and not LONE_SURROGATE.search(body) and parse(body) is not None:
        return b"," + _dump(endpoint) + b":" + body
    try:
        return b',"text":' + _dump(body.decode())
    except UnicodeDecodeError:
        return b',"base64":' + _dump(base64.b64encode(body).decode())


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def decode(line: bytes) -> Exchange:
    """The exchange of a line, with the body's very bytes.

    Raises:
        ValueError: The line is not one that `encode` made, or its bytes are not those that came.
    """
    record = json.loads(line)
    if record["endpoint"] in record:
        # The first such key is ours: inside the strings of the head the quotes are escaped.
        key = b"," + _dump(record["endpoint"]) + b":"
        start = line.index(key) + len(key)
        body = line.rstrip(b"\n")[start:-1]
    elif "text" in record:
        body = record["text"].encode()
    else:
        body = base64.b64decode(record["base64"])
    if hashlib.sha256(body).hexdigest() != record["sha256"]:
        raise ValueError(f"the body of line {record['seq']} is not the one that came")
    return Exchange(
        record["seq"],
        Request(record["endpoint"], record["path"], record["params"]),
        Response(
            record["status"],
            record["headers"],
            body,
            dt.datetime.fromisoformat(record["requested_at"]),
            record["elapsed_ms"],
        ),
    )


class Journal:
    """The responses of a collection under way.

    Opening it locks it for this process, drops a line that a kill cut in two, and finds the
    answers that are there already. A whole line that is not what was written is set aside in
    ``damaged``, and its request has no answer any more.

    Attributes:
        terms: Those that the collection was begun under.

    Raises:
        LakeError: Another process collects the same partition.
    """

    def __init__(self, path: Path, terms: Terms) -> None:
        """Open it.

        Args:
            path: Where it lies.
            terms: What is wanted, where the collection begins now.
        """
        self.path = path
        self._file = _locked(path)
        try:
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
        return self.path.with_name(DAMAGED.format(_number(self.path)))

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

    def _begun_under(self, terms: Terms) -> Terms:
        noted = self.path.with_name(TERMS.format(_number(self.path)))
        if noted.exists():
            try:
                return Terms(**json.loads(noted.read_text()))
            except (ValueError, TypeError) as error:
                raise LakeError(
                    f"{noted} is damaged ({error}). Delete it: the collection goes on under the "
                    "terms that are asked for then."
                ) from error
        with writing(noted, "the terms of the collection"):
            temporary = noted.with_suffix(".writing")
            temporary.write_text(json.dumps(asdict(terms)) + "\n")
            _sync(temporary)
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
        if is_final(response) and response.status != FORBIDDEN:
            self._answers[request.identity] = (request, (offset, length))

    @property
    def lines(self) -> int:
        """How many responses it holds."""
        return len(self._places)


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


def is_final(response: Response) -> bool:
    """Whether asking again is of no use: a readable answer, or a refusal of the request itself."""
    if response.status == 200:  # noqa: PLR2004
        return response.json() is not None
    return response.status in (400, FORBIDDEN, 404)


@dataclass(frozen=True)
class RawPartition:
    """All collections of one genre-day."""

    lake: Lake
    genre_day: GenreDay

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.lake.partition(RAW_CATALOG, self.genre_day)

    def latest(self) -> Sealed | None:
        """The newest finished collection, held to its sidecar.

        Raises:
            LakeError: The file is not the one that was sealed.
        """
        number = max(self._numbers(SIDECAR), default=None)
        return None if number is None else self._sealed(number)

    def journal(self, terms: Terms, *, anew: bool = False) -> Journal:
        """The collection under way, or a new one.

        Args:
            terms: What is wanted.
            anew: Begin a new collection even where a finished one is there. One that is under way
                under the same terms goes on: what it holds was asked for just as this would be.
                Under other terms it is put aside, and stays.

        Raises:
            LakeError: It is finished, or another process has it; or as `Journal`.
        """
        path = self._journal_path(anew=anew)
        journal = Journal(path, terms)
        try:
            if _number(path) in self._numbers(SIDECAR):
                # Between choosing the path and having the lock; its sealed file must stay.
                raise LakeError(
                    f"{self.genre_day} was finished by another process just now. Run again."
                )
            if not anew or journal.terms == terms:
                return journal
            path.replace(self.folder / ABANDONED.format(_number(path)))
            (self.folder / TERMS.format(_number(path))).unlink()
        except BaseException:
            journal.close()
            raise
        journal.close()
        return self.journal(terms, anew=True)

    def is_finished(self) -> bool:
        """Whether a collection is finished, and none is under way."""
        return bool(self._numbers(SIDECAR)) and not self._under_way()

    def is_under_way(self) -> bool:
        """Whether a collection was begun and not finished."""
        return bool(self._under_way())

    def held(self) -> Counter[str]:
        """Answers of the collection under way, by family; read beside whoever collects it."""
        families: Counter[str] = Counter()
        for number in sorted(self._under_way())[-1:]:
            # It may be sealed meanwhile; a line may be half written, or damaged and asked again.
            with (
                contextlib.suppress(FileNotFoundError),
                (self.folder / JOURNAL.format(number)).open("rb") as file,
            ):
                for line in file:
                    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                        exchange = decode(line)
                        families[exchange.request.endpoint] += is_final(exchange.response)
        return families

    def seal(self, journal: Journal) -> Sealed:
        """Compress the journal into its final file; only then does the journal go.

        A kill at any point leaves either the journal, from which this is done again, or the
        sealed file with its sidecar, which is written last.
        """
        number = _number(journal.path)
        sealed, sidecar = self.folder / SEALED.format(number), self.folder / SIDECAR.format(number)
        temporary = self.lake.scratch / f"{os.getpid()}-{number}.jsonl.zst"
        with writing(sealed, f"the raw responses of {self.genre_day}"):
            size = _compress(journal.path, temporary)
            facts = {
                "lines": journal.lines,
                "bytes": size,
                "sha256": _sha256(temporary),
                "terms": asdict(journal.terms),
            }
            temporary.replace(sealed)
            noted = temporary.with_suffix(".json")
            noted.write_text(json.dumps(facts, indent=2) + "\n")
            _sync(noted)
            noted.replace(sidecar)
            # Missing where another process has cleared them away, as `journal` does. The journal
            # is the last, because it is what tells that there is something to clear away.
            (self.folder / TERMS.format(number)).unlink(missing_ok=True)
            journal.path.unlink(missing_ok=True)
        return self._sealed(number)

    def _journal_path(self, *, anew: bool) -> Path:
        sealed, under_way = self._numbers(SIDECAR), self._under_way()
        for left_over in set(self._numbers(JOURNAL)) - under_way:
            # Killed between writing the sidecar and deleting the journal.
            (self.folder / TERMS.format(left_over)).unlink(missing_ok=True)
            (self.folder / JOURNAL.format(left_over)).unlink()
        if sealed and not under_way and not anew:
            raise LakeError(f"{self.genre_day} is collected already.")
        put_aside = self._numbers(ABANDONED)
        number = max(under_way) if under_way else max([*sealed, *put_aside], default=0) + 1
        return self.folder / JOURNAL.format(number)

    def _under_way(self) -> set[int]:
        return set(self._numbers(JOURNAL)) - set(self._numbers(SIDECAR))

    def _numbers(self, pattern: str) -> list[int]:
        suffix = pattern.removeprefix("{:04d}")
        return [
            int(path.name.removesuffix(suffix))
            for path in self.folder.glob(f"[0-9][0-9][0-9][0-9]{suffix}")
        ]

    def _sealed(self, number: int) -> Sealed:
        path = self.folder / SEALED.format(number)
        try:
            facts = json.loads((self.folder / SIDECAR.format(number)).read_text())
            sealed = Sealed(
                self.genre_day,
                path,
                self.lake.relative(path),
                facts["lines"],
                facts["bytes"],
                facts["sha256"],
                Terms(**facts["terms"]),
            )
        except (ValueError, KeyError, TypeError):
            sealed = None
        if sealed is None or not path.exists() or _sha256(path) != sealed.sha256:
            raise LakeError(
                f"{path} is not the file that was sealed: it is damaged or was changed. Restore it "
                f"from a backup, or delete it and its sidecar {SIDECAR.format(number)}."
            )
        return sealed


def read_exchanges(path: Path) -> Iterator[Exchange]:
    """The exchanges of a sealed file, in order."""
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        rest = b""
        while chunk := stream.read(COPY_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (decode(line) for line in lines)


def _number(path: Path) -> int:
    """Which collection of its partition a file belongs to."""
    return int(path.name.split(".")[0])


def _compress(source: Path, target: Path) -> int:
    """Compress a file; returns the bytes read."""
    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
    with source.open("rb") as reader, target.open("wb") as writer:
        size = reader.seek(0, os.SEEK_END)
        reader.seek(0)
        compressor.copy_stream(reader, writer, size=size)
        writer.flush()
        os.fsync(writer.fileno())
    return size


def _sync(path: Path) -> None:
    """Have a file on the disk, so that even a power cut leaves it whole."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
