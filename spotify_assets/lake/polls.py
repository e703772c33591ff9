"""Answers to polls of what was played: a file a day (UTC), a line a response.

``raw/recently_played/date=<d>/polls.jsonl`` grows and is flushed to disk line by line. A day that
is over is sealed: ``polls.jsonl.zst``, with a sidecar ``polls.json`` that holds its lines, bytes
and hash. As soon as the sidecar is there, the sealed file is the truth and a ``polls.jsonl`` beside
it is left over. Whole lines that are not what was written are kept in ``polls.damaged.jsonl``.

On a store each response is an object, ``responses/<time>-<id>.jsonl``; the sidecar names those that
the sealed file holds. One that comes later stays as it is, beside it.

Belongs here: appending, sealing and reading. Does not belong here: asking (``spotify``), what the
answers say (``transforms``), and the form of a line (``exchanges``).
"""

import contextlib
import datetime as dt
import fcntl
import hashlib
import json
import logging
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

import zstandard

from spotify_assets.lake.errors import DamagedFile, LakeError, writing
from spotify_assets.lake.exchanges import Exchange, Request, Response, decode, encode
from spotify_assets.lake.files import compress, sha256
from spotify_assets.lake.layout import Lake
from spotify_assets.lake.raw import exchanges, read_exchanges
from spotify_assets.lake.responses import LINES, note, put_sealed, read
from spotify_assets.lake.store import Remote
from spotify_assets.storage.disk import sync

log = logging.getLogger(__name__)
GROWING, SEALED, SIDECAR = "polls.jsonl", "polls.jsonl.zst", "polls.json"
DAMAGED = "polls.damaged.jsonl"


@dataclass
class _Lines:
    """What a growing file holds: responses, numbered as they follow, and what is none."""

    whole: list[Exchange] = field(default_factory=list)
    damaged: list[bytes] = field(default_factory=list)
    is_cut: bool = False
    """The last line was cut by a kill, or is being written now."""


@dataclass(frozen=True)
class PolledDay:
    """The responses to the polls of one day (UTC), for several processes at once."""

    lake: Lake
    date: dt.date

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return _table(self.lake) / f"date={self.date}"

    @property
    def source_file(self) -> str:
        """The sealed file relative to the lake; rows name it from the first poll on."""
        return self.lake.relative(self.folder / SEALED)

    @property
    def damaged(self) -> Path:
        """Where damaged lines are kept."""
        return self.folder / DAMAGED

    def answer(self, request: Request) -> Response | None:  # noqa: ARG002 - as a journal has it
        """``None``: what was played is asked again each time."""
        return None

    def append(self, request: Request, response: Response) -> None:
        """Add a response; it is on the disk when this returns.

        Raises:
            LakeError: It cannot be written, or what is there is damaged. The lines before it are
                still there.
        """
        if store := self.lake.remote:
            # The id: machines that poll at the same time are not in each other's way.
            name = f"{response.requested_at:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}.jsonl"
            store.create(f"{self._key}/{LINES}/{name}", encode(1, request, response))
            return
        with writing(self._growing, "a response"), _locked(self.lake, fcntl.LOCK_EX):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._reopen()
            line = encode(self._mend() + 1, request, response)
            with self._growing.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())

    def read(self) -> list[Exchange]:
        """Every whole response, in the order they came, numbered from 1.

        The same whether the day is sealed or not.

        Raises:
            DamagedFile: The sealed file is not the one that was sealed.
            LakeError: The lock cannot be had.
        """
        if store := self.lake.remote:
            return self._read_from(store)
        if not self.folder.is_dir():
            return []
        with _locked(self.lake, fcntl.LOCK_SH):
            if self._is_sealed:
                self._check()
                return list(read_exchanges(self._sealed))
            lines = self._lines()
        if lines.damaged:
            log.warning(
                "%d line(s) of %s are damaged and are left out. The next poll of that day, or its "
                "sealing, sets them aside.",
                len(lines.damaged),
                self._growing,
            )
        return lines.whole

    def seal(self) -> bool:
        """Compress the day into its final file; whether there was anything to seal.

        A kill at any point leaves the growing file, from which this is done again, or the sealed
        file with its sidecar, which is written last.

        Raises:
            LakeError: It cannot be written; the responses are still there.
        """
        if store := self.lake.remote:
            return self._seal_on(store)
        with writing(self._sealed, "the polls"), _locked(self.lake, fcntl.LOCK_EX):
            is_due = self._growing.exists() and not self._is_sealed
            if is_due:
                lines = self._mend()
                with self.lake.temporary(".jsonl.zst") as temporary:
                    size = compress(self._growing, temporary)
                    facts = {"lines": lines, "bytes": size, "sha256": sha256(temporary)}
                    temporary.replace(self._sealed)
                with self.lake.temporary(".json") as noted:
                    noted.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
                    sync(noted)
                    noted.replace(self._sidecar)
            if self._is_sealed:
                self._growing.unlink(missing_ok=True)
            return is_due

    def _read_from(self, store: Remote) -> list[Exchange]:
        listed = store.keys(self._key)
        held: list[Exchange] = []
        merged: set[str] = set()
        if self._sidecar_key in listed:
            facts = json.loads(store.get(self._sidecar_key))
            packed = store.get(self.source_file) if self.source_file in listed else b""
            if hashlib.sha256(packed).hexdigest() != facts["sha256"]:
                raise self._damaged_file()
            held, merged = list(exchanges(packed)), set(facts[LINES])
        lines = read(store, (key for key in _of_responses(listed) if _name(key) not in merged))
        for line in lines:
            try:
                held.append(replace(decode(line), line=len(held) + 1))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                log.warning("A response to a poll of %s is damaged and is left out.", self.date)
        return held

    def _seal_on(self, store: Remote) -> bool:
        listed = store.keys(self._key)
        responses = _of_responses(listed)
        if self._sidecar_key in listed:
            merged = set(json.loads(store.get(self._sidecar_key))[LINES])
            store.delete(key for key in responses if _name(key) in merged)
            return False
        if not responses:
            return False
        whole = self._read_from(store)
        lines = b"".join(encode(one.line, one.request, one.response) for one in whole)
        compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        packed = put_sealed(store, self.source_file, compressor.compress(lines))
        facts = {
            "lines": len(whole),
            "bytes": len(lines),
            "sha256": hashlib.sha256(packed).hexdigest(),
            LINES: [_name(key) for key in responses],
        }
        note(store, self._sidecar_key, facts)
        store.delete(responses)
        return True

    @property
    def _key(self) -> str:
        return self.lake.relative(self.folder)

    @property
    def _sidecar_key(self) -> str:
        return f"{self._key}/{SIDECAR}"

    @property
    def _growing(self) -> Path:
        return self.folder / GROWING

    @property
    def _sealed(self) -> Path:
        return self.folder / SEALED

    @property
    def _sidecar(self) -> Path:
        return self.folder / SIDECAR

    @property
    def _is_sealed(self) -> bool:
        return self._sidecar.exists()

    def _lines(self) -> _Lines:
        lines = _Lines()
        if not self._growing.exists():
            return lines
        with self._growing.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    lines.is_cut = True
                    break
                try:
                    exchange = decode(line)
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    lines.damaged.append(line)
                else:
                    lines.whole.append(replace(exchange, line=len(lines.whole) + 1))
        return lines

    def _mend(self) -> int:
        """Drop a line that a kill cut, and set damaged ones aside; returns how many are whole.

        A kill at any point leaves the old file or the new one; of the damaged lines perhaps two
        copies.
        """
        lines = self._lines()
        if lines.damaged:
            log.warning(
                "%d line(s) of %s are damaged: they are kept in %s.",
                len(lines.damaged),
                self._growing,
                self.damaged.name,
            )
            with self.damaged.open("ab") as file:
                file.writelines(lines.damaged)
            sync(self.damaged)
        if lines.damaged or lines.is_cut:
            mended = self._growing.with_suffix(".mended")
            with mended.open("wb") as file:
                file.writelines(encode(o.line, o.request, o.response) for o in lines.whole)
            sync(mended)
            mended.replace(self._growing)
        return len(lines.whole)

    def _reopen(self) -> None:
        """Take a sealed day up again: a poll ended after midnight, or the clock was set back.

        The growing file is the truth as soon as the sidecar is gone.
        """
        if not self._is_sealed:
            return
        self._check()
        with self.lake.temporary(".jsonl") as temporary:
            with self._sealed.open("rb") as source, temporary.open("wb") as target:
                zstandard.ZstdDecompressor().copy_stream(source, target)
            sync(temporary)
            temporary.replace(self._growing)
        self._sidecar.unlink()
        self._sealed.unlink()

    def _check(self) -> None:
        try:
            expected = json.loads(self._sidecar.read_text(encoding="utf-8"))["sha256"]
        except (ValueError, KeyError, TypeError):
            expected = None
        if not self._sealed.exists() or sha256(self._sealed) != expected:
            raise self._damaged_file()

    def _damaged_file(self) -> DamagedFile:
        return DamagedFile(
            self._sealed,
            "sealed",
            f"Restore it from a backup, or delete it and its sidecar {SIDECAR}.",
        )


def polled_days(lake: Lake) -> list[dt.date]:
    """The days (UTC) that have polls, in order.

    Raises:
        LakeError: A folder has no day in its name.
    """
    folders = lake.log.store.folders(lake.relative(_table(lake)))
    return sorted(day_of(_table(lake) / name) for name in folders if name.startswith("date="))


def seal_before(lake: Lake, today: dt.date) -> list[dt.date]:
    """Seal each day before ``today`` (UTC) that is not sealed; returns those days.

    Raises:
        LakeError: One cannot be written; the responses are still there.
    """
    return [day for day in polled_days(lake) if day < today and PolledDay(lake, day).seal()]


def alone(lake: Lake) -> AbstractContextManager[None]:
    """Keep every other process from the polls of all days; waits until they are done.

    Raises:
        LakeError: The lock cannot be had.
    """
    return _locked(lake, fcntl.LOCK_EX)


def day_of(folder: Path) -> dt.date:
    """The day (UTC) of a folder ``date=<d>``.

    Raises:
        LakeError: It has no day in its name.
    """
    try:
        return dt.date.fromisoformat(folder.name.removeprefix("date="))
    except ValueError as error:
        raise LakeError(
            f"{folder} has no day in its name ({error}). Rename it to date=YYYY-MM-DD or move it "
            "out of the lake, then run again."
        ) from error


def _of_responses(keys: Iterable[str]) -> list[str]:
    return [key for key in keys if f"/{LINES}/" in key]


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _table(lake: Lake) -> Path:
    return lake.root / "raw" / "recently_played"


@contextlib.contextmanager
def _locked(lake: Lake, operation: int) -> Iterator[None]:
    """Wait for the other processes. One lock for all days: each holds it for a moment only.

    It is on a file of its own, because those of the days are replaced.
    """
    path = _table(lake) / ".lock"
    only_reads = operation == fcntl.LOCK_SH and path.exists() and not os.access(path, os.W_OK)
    with writing(path, "the lock of the polls"):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("rb" if only_reads else "ab")
    # Closing gives the lock back, and so does any end of the process.
    with file:
        fcntl.flock(file, operation)
        yield
