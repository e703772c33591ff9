"""Answers to polls of what was played: an object each, and one file for a day (UTC) that is over.

``raw/recently_played/date=<d>/responses/<time>-<id>.jsonl`` is a response, created once. A day that
is over is sealed: ``polls.jsonl.zst``, with a sidecar ``polls.json`` that holds its lines, bytes
and hash, and names the responses that are in it. One that comes later stays as it is, beside it.
Lines that are not what was written are kept in ``polls.damaged.jsonl``.

Earlier versions appended to one file in a folder, ``polls.jsonl``; it is read, and sealed with the
others.

Belongs here: keeping, sealing and reading. Does not belong here: asking (``spotify``), what the
answers say (``transforms``), and the form of a line (``exchanges``).
"""

import datetime as dt
import hashlib
import io
import json
import logging
import time
import uuid
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import zstandard

from spotify_assets.lake.errors import DamagedFile, LakeError
from spotify_assets.lake.exchanges import Exchange, Request, Response, decode, encode
from spotify_assets.lake.layout import Lake
from spotify_assets.lake.raw import exchanges
from spotify_assets.lake.responses import LINES, note, put_sealed, read
from spotify_assets.lake.store import AlreadyThere

log = logging.getLogger(__name__)
TABLE = "raw/recently_played"
GROWING, SEALED, SIDECAR = "polls.jsonl", "polls.jsonl.zst", "polls.json"
DAMAGED = "polls.damaged.jsonl"


@dataclass
class _Held:
    """What is there of a day."""

    sealed: list[Exchange] = field(default_factory=list)
    merged: Collection[str] = ()
    """Keys of what is in the sealed file too: a kill has left it, or another machine deletes it."""
    waiting: list[str] = field(default_factory=list)
    """Keys of what is not sealed."""
    exchanges: list[Exchange] = field(default_factory=list)
    """Of these, numbered on from the sealed ones."""
    damaged: list[bytes] = field(default_factory=list)
    """Lines of these that are none."""


@dataclass(frozen=True)
class PolledDay:
    """The responses to the polls of one day (UTC), for several processes at once."""

    lake: Lake
    date: dt.date

    @property
    def folder(self) -> str:
        """The folder of its objects."""
        return f"{TABLE}/date={self.date}"

    @property
    def source_file(self) -> str:
        """The key of the sealed file; rows name it from the first poll on."""
        return f"{self.folder}/{SEALED}"

    def answer(self, request: Request) -> Response | None:  # noqa: ARG002 - as a journal has it
        """``None``: what was played is asked again each time."""
        return None

    def append(self, request: Request, response: Response) -> None:
        """Keep a response; it is on the disk, or the store, when this returns.

        Raises:
            LakeError: It cannot be written.
        """
        # In the order in which they were asked and came; who polls at the same time has an id.
        came = f"{response.requested_at:%Y%m%dT%H%M%S%f}-{time.time_ns():016x}"
        key = f"{self.folder}/{LINES}/{came}-{uuid.uuid4().hex[:8]}.jsonl"
        self.lake.log.store.create(key, encode(1, request, response))
        self.lake.log.store.make_durable([key])

    def read(self) -> list[Exchange]:
        """Every whole response, in the order they came, numbered from 1.

        The same whether the day is sealed or not.

        Raises:
            DamagedFile: The sealed file is not the one that was sealed.
            LakeError: The store fails.
        """
        held = self._held()
        if held.damaged:
            log.warning(
                "%d line(s) of %s are damaged and are left out. Its sealing sets them aside.",
                len(held.damaged),
                self.lake.path(self.folder),
            )
        return [*held.sealed, *held.exchanges]

    def seal(self) -> bool:
        """Merge the day into its final file; whether there was anything to seal.

        A kill at any point leaves the responses, from which this is done again, or the sealed file
        with its sidecar, which is written last.

        Raises:
            LakeError: It cannot be written; the responses are still there.
        """
        store, held = self.lake.log.store, self._held()
        if held.sealed or not held.waiting:
            store.delete(held.merged)
            return False
        if held.damaged:
            log.warning("%d line(s) of %s are damaged: see %s.", len(held.damaged), self, DAMAGED)
            with suppress(AlreadyThere):
                store.create(f"{self.folder}/{DAMAGED}", b"".join(held.damaged))
        lines = b"".join(encode(one.line, one.request, one.response) for one in held.exchanges)
        compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        packed = put_sealed(store, self.source_file, compressor.compress(lines))
        facts = {
            "lines": len(held.exchanges),
            "bytes": len(lines),
            "sha256": hashlib.sha256(packed).hexdigest(),
            LINES: [key.rpartition("/")[2] for key in held.waiting],
        }
        note(store, f"{self.folder}/{SIDECAR}", facts)
        store.delete(held.waiting)
        return True

    def __str__(self) -> str:
        """For messages."""
        return f"the polls of {self.date}"

    def _held(self) -> _Held:
        while True:
            # It may be sealed just now: then what was listed is not there any more.
            with suppress(FileNotFoundError):
                return self._look()

    def _look(self) -> _Held:
        store, held = self.lake.log.store, _Held()
        keys = store.keys(self.folder)
        responses = [
            key for key in keys if f"/{LINES}/" in key or key == f"{self.folder}/{GROWING}"
        ]
        if f"{self.folder}/{SIDECAR}" in keys:
            packed = store.get(self.source_file) if self.source_file in keys else b""
            try:
                facts = json.loads(store.get(f"{self.folder}/{SIDECAR}"))
                if hashlib.sha256(packed).hexdigest() != facts["sha256"]:
                    raise self._damaged_file()
            except (ValueError, KeyError, TypeError) as error:
                raise self._damaged_file() from error
            held.sealed = list(exchanges(packed))
            # An earlier version sealed what it had appended to.
            names = set(facts.get(LINES, [GROWING]))
            held.merged = [key for key in responses if key.rpartition("/")[2] in names]
        held.waiting = [key for key in responses if key not in held.merged]
        # What it had appended was before all others.
        held.waiting.sort(key=lambda key: (f"/{LINES}/" in key, key))
        lines = [line for data in read(store, held.waiting) for line in io.BytesIO(data)]
        # A kill has cut a line that was appended.
        for line in [one for one in lines if one.endswith(b"\n")]:
            try:
                exchange = decode(line)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                held.damaged.append(line)
            else:
                number = len(held.sealed) + len(held.exchanges) + 1
                held.exchanges.append(replace(exchange, line=number))
        return held

    def _damaged_file(self) -> DamagedFile:
        return DamagedFile(
            self.lake.path(self.source_file),
            "sealed",
            f"Restore it from a backup, or delete it and its sidecar {SIDECAR}.",
        )


def polled_days(lake: Lake) -> list[dt.date]:
    """The days (UTC) that have polls, in order.

    Raises:
        LakeError: A folder has no day in its name.
    """
    folders = lake.log.store.folders(TABLE)
    return sorted(day_of(lake.path(TABLE) / name) for name in folders if name.startswith("date="))


def seal_before(lake: Lake, today: dt.date) -> list[dt.date]:
    """Seal each day before ``today`` (UTC) that is not sealed; returns those days.

    Raises:
        LakeError: One cannot be written; the responses are still there.
    """
    return [day for day in polled_days(lake) if day < today and PolledDay(lake, day).seal()]


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
