"""Where the objects of a lake lie: a folder, or any object store, behind a few calls.

All that is asked of a store is that a key can be created only once. Nothing is overwritten or
renamed, so nobody ever reads half an object.

Belongs here: creating, reading, listing and deleting objects, and what goes wrong with that. Does
not belong here: what the objects say (``log``).
"""

import datetime as dt
import errno
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from spotify_assets.lake.errors import LakeError, writing
from spotify_assets.storage.disk import sync
from spotify_assets.storage.errors import FailureKind

if TYPE_CHECKING:
    from obstore.store import ObjectStore

Answer = TypeVar("Answer")
AT_ONCE = 8
"""Files that are written at the same time: a disk and a cloud take them in the time of one."""
ATTEMPTS = 4
"""Of a call that a store did not answer well; obstore tries each some times more, with pauses."""
PAUSE_SECONDS = 0.2
"""Before the second attempt; it doubles with each."""
SCRATCH = ".writing"
REGION = "Set AWS_REGION to the region of the bucket."
CREDENTIALS = (
    "What the machine has for credentials is missing, wrong or has expired: set them in the "
    "environment variables of the cloud's own tools, or give the machine a role."
)
RIGHTS = (
    "Give the user or role that is used the rights to list the bucket, and to read, create and "
    "delete its objects (docs/cloud.md has the policy)."
)
CLOCK = "The clock of this machine is wrong: set it (`timedatectl set-ntp true`)."
NO_BUCKET = "There is no such bucket: make it, or correct SPOTIFY_LAKE_URL."
REMEDIES = {
    **dict.fromkeys(("NoSuchBucket", "ContainerNotFound", "InvalidBucketName"), NO_BUCKET),
    "RequestTimeTooSkewed": CLOCK,
    **dict.fromkeys(
        (
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
            *("AuthenticationFailed", "UnauthenticatedError", "//169.254.169.254/"),
        ),
        CREDENTIALS,
    ),
    **dict.fromkeys(("AuthorizationHeaderMalformed", "PermanentRedirect", "redirect"), REGION),
    "KMS.": "See that the key by which the bucket encrypts is enabled, and may be used.",
    "NotImplemented": "This store cannot create a key only once, so it cannot hold a lake.",
    **dict.fromkeys(("AccessDenied", "AuthorizationPermissionMismatch"), RIGHTS),
    **dict.fromkeys(("AuthorizationFailure", "PermissionDeniedError"), RIGHTS),
}
"""What to do where it fails again until somebody changes something; by what the store says."""
SAID = re.compile(r"<Code>(.*?)</Code>(?:.*?<Message>(.*?)</Message>)?", re.S)
"""How S3, GCS and Azure say what is wrong."""
OVERLOADED = re.compile(r"SlowDown|ServerBusy|status code: (503|429)")
RETRIES = {
    "max_retries": 4,
    "retry_timeout": dt.timedelta(seconds=30),
    "backoff": {
        "init_backoff": dt.timedelta(milliseconds=100),
        "max_backoff": dt.timedelta(seconds=5),
        "base": 2,
    },
}
"""Of obstore, of each attempt: of 5xx, 429 and broken connections, with growing pauses."""
DELETED_AT_ONCE = 1000
"""What one request to S3 takes."""


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


class Folder:
    """A folder of this machine, for processes on it.

    Not by obstore's own, which does not have a file on the disk before its name is there.
    """

    def __init__(self, root: Path) -> None:
        """Keep it; it is made when something is created in it."""
        self.root, self.name = root, str(root)

    def create(self, key: str, data: bytes) -> None:
        """As `Store.create`: by a hard link, which fails where the name is there."""
        target, temporary = self.root / key, self.root / SCRATCH / uuid.uuid4().hex
        with writing(target, "a file of the lake"):
            temporary.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                self._link(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)

    def _link(self, temporary: Path, target: Path) -> None:
        while True:
            _make_folder(target.parent)
            try:
                os.link(temporary, target)
            except FileExistsError:
                raise AlreadyThere(str(target)) from None
            except FileNotFoundError:
                # A purge has removed the empty folder in between.
                if not temporary.exists():
                    raise
            except OSError as error:
                if error.errno in (errno.EPERM, errno.ENOTSUP):
                    raise LakeError(
                        f"{self.root} is on a file system that knows no hard links, as exFAT. The "
                        "lake needs them: set SPOTIFY_ASSETS_DATA_DIR to a folder on another disk."
                    ) from error
                raise
            else:
                return

    def get(self, key: str) -> bytes:
        """As `Store.get`."""
        with _reading(self.root / key):
            return (self.root / key).read_bytes()

    def keys(self, folder: str, after: str = "") -> list[str]:
        """As `Store.keys`."""
        found, folders = [], [folder]
        while folders:
            inside = folders.pop()
            for entry in self._entries(inside):
                key = f"{inside}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(key)
                elif key > after:
                    found.append(key)
        return sorted(found)

    def objects(self, folder: str) -> dict[str, Object]:
        """As `Store.objects`."""
        found = {}
        for key in self.keys(folder):
            # Another process may have deleted it since.
            with suppress(FileNotFoundError):
                stat = (self.root / key).stat()
                modified_at = dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC)
                found[key] = Object(stat.st_size, f"{stat.st_size}-{stat.st_mtime_ns}", modified_at)
        return found

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as entries:
                return list(entries)
        except FileNotFoundError:
            return []

    def folders(self, folder: str) -> list[str]:
        """As `Store.folders`."""
        return sorted(entry.name for entry in self._entries(folder) if entry.is_dir())

    def created_at(self, key: str) -> dt.datetime:
        """As `Store.created_at`."""
        return dt.datetime.fromtimestamp((self.root / key).stat().st_mtime, dt.UTC)

    def delete(self, keys: Iterable[str]) -> None:
        """As `Store.delete`; a folder goes with the last that is in it."""
        for key in keys:
            path = self.root / key
            with _deleting(path):
                path.unlink(missing_ok=True)
            _remove_empty(path.parent, self.root)

    def make_durable(self, keys: Iterable[str]) -> None:
        """As `Store.make_durable`: what is in a file is on the disk since it was created."""
        own = {(self.root / key).parent for key in keys}
        # Another process may have made a folder just now. Those above are made once in all.
        with writing(self.root, "the names of new files"), ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(sync, own | {folder.parent for folder in own}))


class Remote:
    """An object store, by obstore: S3 and what speaks like it, GCS, Azure, or memory."""

    def __init__(self, store: "ObjectStore", name: str = "") -> None:
        """Keep it.

        Args:
            store: What obstore talks to.
            name: What messages call it, as its URL.
        """
        self._store = store
        self.name = name or type(store).__name__

    def create(self, key: str, data: bytes) -> None:
        """As `Store.create`: by a put that the store refuses where the key is there.

        An answer can get lost. Then the next attempt finds what the first has made, and knows it by
        its bytes: nobody else makes the same, as a commit and the name of a file are of one write.
        """
        import obstore  # noqa: PLC0415 - only where a store is used
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

        def put() -> bool:
            try:
                obstore.put(self._store, key, data, mode="create")
            except AlreadyExistsError:
                # Of another create that is under way S3 says so too, and it may come to nothing.
                with suppress(FileNotFoundError):
                    return self.get(key) == data
                raise
            return True

        if not self._answered(f"write {key}", put):
            raise AlreadyThere(key)

    def replace(self, key: str, data: bytes) -> str:
        """Write an object whole, whether or not there is one; returns its version.

        Raises:
            StoreFailed: It cannot be written; what was there before still is, or the new one.
        """
        import obstore  # noqa: PLC0415

        put = self._answered(f"write {key}", lambda: obstore.put(self._store, key, data))
        return _version(put["e_tag"])

    def get(self, key: str) -> bytes:
        """As `Store.get`."""
        import obstore  # noqa: PLC0415

        return self._answered(
            f"read {key}", lambda: obstore.get(self._store, key).bytes().to_bytes()
        )

    def keys(self, folder: str, after: str = "") -> list[str]:
        """As `Store.keys`."""
        return list(self._listed(folder, after))

    def objects(self, folder: str) -> dict[str, Object]:
        """As `Store.objects`."""
        return self._listed(folder)

    def _listed(self, folder: str, after: str = "") -> dict[str, Object]:
        import obstore  # noqa: PLC0415

        def listed() -> dict[str, Object]:
            pages = obstore.list(self._store, folder, offset=after or None, chunk_size=1000)
            found = sorted((one for page in pages for one in page), key=lambda one: one["path"])
            return {
                one["path"]: Object(one["size"], _version(one["e_tag"]), one["last_modified"])
                for one in found
            }

        return self._answered(f"list {folder}", listed)

    def folders(self, folder: str) -> list[str]:
        """As `Store.folders`."""
        import obstore  # noqa: PLC0415

        def names() -> list[str]:
            found = obstore.list_with_delimiter(self._store, folder)["common_prefixes"]
            return sorted(path.rstrip("/").rpartition("/")[2] for path in found)

        return self._answered(f"list {folder}", names)

    def created_at(self, key: str) -> dt.datetime:
        """As `Store.created_at`."""
        import obstore  # noqa: PLC0415

        return self._answered(
            f"look at {key}", lambda: obstore.head(self._store, key)["last_modified"]
        )

    def delete(self, keys: Iterable[str]) -> None:
        """As `Store.delete`."""
        import obstore  # noqa: PLC0415

        listed = list(keys)
        for first in range(0, len(listed), DELETED_AT_ONCE):
            together = listed[first : first + DELETED_AT_ONCE]

            def delete(together: list[str] = together) -> None:
                try:
                    obstore.delete(self._store, together)
                except FileNotFoundError:
                    for key in together:
                        with suppress(FileNotFoundError):
                            obstore.delete(self._store, key)

            self._answered(f"delete {together[0]}", delete)

    def make_durable(self, keys: Iterable[str]) -> None:
        """As `Store.make_durable`: a put that was answered is."""

    def _answered(self, what: str, call: Callable[[], Answer]) -> Answer:
        """What a call gives, made again where the store failed it.

        Raises:
            FileNotFoundError: The object is not there.
            StoreFailed: It refuses, or fails again and again.
        """
        from obstore import exceptions  # noqa: PLC0415

        for attempt in range(ATTEMPTS):
            try:
                return call()
            except FileNotFoundError as error:
                # What is not there may be the bucket.
                if SAID.search(str(error)) and _remedy(error)[1] is NO_BUCKET:
                    raise self._failed(what, error) from error
                raise
            except exceptions.BaseError as error:
                failed = self._failed(what, error)
                if attempt + 1 == ATTEMPTS or failed.kind is FailureKind.PERMANENT:
                    raise failed from error
                time.sleep(PAUSE_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

    def _failed(self, what: str, error: Exception) -> StoreFailed:
        kind, remedy = _remedy(error)
        return StoreFailed(f"Cannot {what} in {self.name}: {_said(error)}. {remedy}", kind)


def _version(e_tag: str | None) -> str:
    # Azure quotes it in one answer, and not in the other.
    return (e_tag or "").strip('"')


def _said(error: Exception) -> str:
    """What a store says, without the XML that it says it in."""
    text = str(error).partition("\n\nDebug source:")[0].strip()
    found = SAID.search(text)
    return (": ".join(one for one in found.groups() if one) if found else text).rstrip(".")


def _remedy(error: Exception) -> tuple[FailureKind, str]:
    said = f"{type(error).__name__}: {error}"
    for words, remedy in REMEDIES.items():
        if words in said:
            return FailureKind.PERMANENT, remedy
    if OVERLOADED.search(said):
        return FailureKind.RETRY, "The store is overloaded. Nothing is lost: run it again later."
    return FailureKind.RETRY, (
        "Nothing is lost: see that the store can be reached, then run the same again."
    )


def open_store(place: str | Path) -> Store:
    """The store at a folder or URL: ``s3://bucket/prefix``, ``gs://…``, ``az://…``, ``memory:///``.

    Region, endpoint and credentials are what the cloud's own environment variables say, or those of
    the machine's role.

    Raises:
        StoreFailed: The URL is of no known kind, or lacks something.
    """
    if isinstance(place, Path) or urlsplit(place).scheme in ("", "file"):
        return Folder(Path(urlsplit(str(place)).path))
    from obstore.exceptions import BaseError  # noqa: PLC0415 - only where a store is used
    from obstore.store import from_url  # noqa: PLC0415

    # A response of a few MB is sent in less; an endpoint of one's own may speak HTTP.
    options: dict[str, Any] = {
        "client_options": {"allow_http": True, "timeout": "60s", "connect_timeout": "5s"},
        "retry_config": RETRIES,
    }
    try:
        return Remote(
            from_url(place) if place.startswith("memory:") else from_url(place, **options), place
        )
    except (BaseError, ValueError) as error:
        raise StoreFailed(
            f"{place} cannot be used: {_said(error)}. Write s3://bucket/prefix, gs://bucket/prefix "
            "or az://container/prefix, and set what the cloud's own tools take.",
            FailureKind.PERMANENT,
        ) from error


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LakeError(f"{path} cannot be read: {error.strerror or error}.") from error


@contextmanager
def _deleting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"Cannot delete {path}: {error.strerror or error}. Make it and its folder writable, "
            "then run the same again."
        ) from error


def _make_folder(folder: Path) -> None:
    """Make a folder, and those that it lies in.

    The names of its files and its own are made durable with these; here those above.
    """
    if folder.exists():
        return
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing[1:]:
        sync(one.parent)


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder and those that it lies in, as far as nothing is in them."""
    while folder != root:
        try:
            # It refuses a folder that is not empty; asking first would race with a run.
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
