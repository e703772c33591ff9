"""Responses on an object store, each an object of its own as soon as it is there.

A store cannot append. So of a collection under way ``0001.responses/000001.jsonl``, … lie there,
and ``0001.terms.json``; of a day of polls, in a folder too, ``responses/<time>-<id>.jsonl``.
Sealing merges them into one file, which is read back and held to its hash before they go.

Belongs here: these objects. Does not belong here: the form of a line (``exchanges``), the files of
a folder (``journal``), and which collection is the one under way (``raw``).
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress

import zstandard

from spotify_assets.lake.errors import LakeError
from spotify_assets.lake.store import AlreadyThere, Remote, Store, at_once

TERMS = "terms.json"
"""Under which a collection under way was begun."""
LINES = "responses"


class Responses:
    """The responses of a collection under way, in the order in which they came."""

    def __init__(self, store: Remote, collection: str) -> None:
        """Keep where it is.

        Args:
            store: The store.
            collection: What the keys of its objects begin with, e.g. ``…/date=2026-11-20/0001``.
        """
        self._store, self._collection = store, collection
        self._last = 0

    def lines(self) -> list[bytes]:
        """Those that are there; further ones come after these."""
        keys = self._store.keys(f"{self._collection}.{LINES}")
        self._last = max((_number(key) for key in keys), default=0)
        return read(self._store, keys)

    def add(self, line: bytes) -> None:
        """Have a response on the store.

        Raises:
            LakeError: Another machine has put its next response there; or the store fails.
        """
        key = f"{self._collection}.{LINES}/{self._last + 1:06d}.jsonl"
        try:
            self._store.create(key, line)
        except AlreadyThere:
            raise LakeError(
                f"Another machine collects into {self._collection} of {self._store.name} right "
                "now. Wait for it, or stop it, then run again."
            ) from None
        self._last += 1

    def begun_under(self, terms: str) -> str:
        """The terms of the collection: those that are there, or else these."""
        key = f"{self._collection}.{TERMS}"
        with suppress(AlreadyThere):
            self._store.create(key, terms.encode())
            return terms
        return self._store.get(key).decode()

    def delete(self) -> None:
        """Delete them: they are sealed, or put aside."""
        terms = f"{self._collection}.{TERMS}"
        self._store.delete([terms, *self._store.keys(f"{self._collection}.{LINES}")])


def read(store: Store, keys: Iterable[str]) -> list[bytes]:
    """What objects hold, in their order."""
    return at_once(store.get, keys)


def put_sealed(store: Store, key: str, packed: bytes) -> bytes:
    """Have the sealed form of responses on the store, as it is read back from there.

    A killed process, or another machine, may have put it there already: with other bytes perhaps,
    as each version of the compression has its own.

    Raises:
        LakeError: What is there is of other responses, or not what was written.
    """
    try:
        store.create(key, packed)
    except AlreadyThere:
        held = store.get(key)
        if unpacked(held) != unpacked(packed):
            raise LakeError(
                f"{key} of {store.name} holds other responses: another machine seals them, or has "
                "stopped doing so. Run again; if that does not help, delete the object."
            ) from None
        return held
    store.make_durable([key])
    held = store.get(key)
    if hashlib.sha256(held).digest() != hashlib.sha256(packed).digest():
        raise LakeError(f"{key} of {store.name} is not what was written. Run again.")
    return held


def note(store: Store, key: str, facts: object) -> None:
    """Put what is known of a sealed file beside it: from then on it is the truth."""
    with suppress(AlreadyThere):
        store.create(key, (json.dumps(facts, indent=2) + "\n").encode())
    store.make_durable([key])


def unpacked(packed: bytes) -> bytes:
    """What a sealed file holds; nothing where it is damaged."""
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            return stream.read()
    except zstandard.ZstdError:
        return b""


def _number(key: str) -> int:
    return int(key.rpartition("/")[2].partition(".")[0])
