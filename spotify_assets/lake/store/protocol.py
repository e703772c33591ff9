"""What is asked of a store, whatever kind it is: above all that a key can be created only once.

Nothing is overwritten or renamed, so nobody ever reads half an object.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar

from spotify_assets.lake.errors import LakeError
from spotify_assets.storage.errors import FailureKind

Given = TypeVar("Given")
Answer = TypeVar("Answer")
AT_ONCE = 8
"""Files that are written at the same time: a disk and a cloud take them in the time of one."""


class AlreadyThere(Exception):
    """Another has created the key."""


class StoreFailed(LakeError):
    """A store refuses a call or cannot be reached; nothing that was there before is changed."""

    def __init__(self, message: str, kind: FailureKind = FailureKind.RETRY) -> None:
        """Say so, and whether the same again can succeed."""
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Object:
    """What a listing says of an object."""

    bytes: int
    version: str
    """Another one after each change: its ETag, or the size and time of a file."""
    modified_at: dt.datetime


class Store(Protocol):
    """Objects by their keys, which are paths with slashes."""

    name: str
    """What messages call it, as its URL or folder."""

    def create(self, key: str, data: bytes) -> None:
        """Make an object, whole or not at all.

        Raises:
            AlreadyThere: There is one of that key.
            LakeError: It cannot be written. Whether it is there then is not known; the same call
                made again finds that out.
        """

    def get(self, key: str) -> bytes:
        """What an object holds.

        Raises:
            FileNotFoundError: There is none.
            LakeError: It cannot be read.
        """

    def keys(self, folder: str, after: str = "") -> list[str]:
        """The keys in a folder, however deep, that sort after one; in order."""

    def objects(self, folder: str) -> dict[str, Object]:
        """What is in a folder, however deep, by its key; in order."""

    def folders(self, folder: str) -> list[str]:
        """The names of the folders right in a folder, in order."""

    def created_at(self, key: str) -> dt.datetime:
        """When an object was made (UTC).

        Raises:
            FileNotFoundError: There is none.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; what is gone already is well gone."""

    def make_durable(self, keys: Iterable[str]) -> None:
        """Have objects that were created outlive a power cut."""


@cache
def _threads() -> ThreadPoolExecutor:
    # Kept: to start eight takes as long as to write a file.
    return ThreadPoolExecutor(AT_ONCE)


os.register_at_fork(after_in_child=_threads.cache_clear)


def at_once(call: Callable[[Given], Answer], each: Iterable[Given]) -> list[Answer]:
    """What a call of the store gives for each; `AT_ONCE` are under way. No such call makes others.

    Raises:
        Exception: What the first raises that fails.
    """
    listed = list(each)
    return [*(map if len(listed) <= 1 else _threads().map)(call, listed)]
