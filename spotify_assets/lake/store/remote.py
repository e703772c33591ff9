"""An object store: its calls, and what goes wrong with them, in words."""

import datetime as dt
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from spotify_assets.lake.store.protocol import AlreadyThere, Answer, Object, StoreFailed
from spotify_assets.storage.errors import FailureKind

if TYPE_CHECKING:
    from obstore.store import ObjectStore

ATTEMPTS = 4
"""Of a call that a store did not answer well; obstore tries each some times more, with pauses."""
PAUSE_SECONDS = 0.2
"""Before the second attempt; it doubles with each."""
DELETED_AT_ONCE = 1000
"""What one request to S3 takes."""
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

    def replace(self, key: str, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Write an object whole, whether or not there is one; returns its version.

        Args:
            key: Of the object.
            data: What it holds.
            attributes: What a store says of it to readers, such as ``Content-Type``.

        Raises:
            StoreFailed: It cannot be written; what was there before still is, or the new one.
        """
        import obstore  # noqa: PLC0415

        said = dict(attributes or {})
        put = self._answered(
            f"write {key}", lambda: obstore.put(self._store, key, data, attributes=said)
        )
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
        return StoreFailed(f"Cannot {what} in {self.name}: {said(error)}. {remedy}", kind)


def _version(e_tag: str | None) -> str:
    # Azure quotes it in one answer, and not in the other.
    return (e_tag or "").strip('"')


def said(error: Exception) -> str:
    """What a store says, without the XML that it says it in."""
    text = str(error).partition("\n\nDebug source:")[0].strip()
    found = SAID.search(text)
    return (": ".join(one for one in found.groups() if one) if found else text).rstrip(".")


def _remedy(error: Exception) -> tuple[FailureKind, str]:
    text = f"{type(error).__name__}: {error}"
    for words, remedy in REMEDIES.items():
        if words in text:
            return FailureKind.PERMANENT, remedy
    if OVERLOADED.search(text):
        return FailureKind.RETRY, "The store is overloaded. Nothing is lost: run it again later."
    return FailureKind.RETRY, (
        "Nothing is lost: see that the store can be reached, then run the same again."
    )
