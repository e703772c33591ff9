"""The token of a user at rest: what is kept of a sign-in, where, and for how long it holds.

What does not belong here: anything that talks to Spotify (``sign_in``).
"""

import contextlib
import datetime as dt
import fcntl
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from spotify_assets.configuration.errors import SecretStoreError
from spotify_assets.sources.spotify_api.errors import TokenStoreError
from spotify_assets.storage.disk import sync

if TYPE_CHECKING:
    from spotify_assets.configuration.secret_store import WritableStore

LIFETIME = dt.timedelta(days=182)
"""Of a refresh token: six months from the sign-in, and refreshing does not prolong it.

https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens. Spotify does not
say it in days, so the end is good to some days.
"""
OTHERS = stat.S_IRWXG | stat.S_IRWXO
OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
KEYRING_SERVICE = "spotify-assets"
SIGN_IN_AGAIN = "Sign in again with `spotify-assets login`."


class Condition(StrEnum):
    """How a sign-in stands."""

    NONE = "none"
    VALID = "valid"
    EXPIRED = "expired"
    """Six months have passed; Spotify has not been asked since."""
    DEAD = "dead"
    """Spotify refused the refresh token."""


@dataclass(frozen=True)
class UserToken:
    """What is kept of a sign-in. Times are UTC."""

    client_id: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: AwareDatetime
    """When the access token ends."""
    scopes: tuple[str, ...]
    signed_in_at: AwareDatetime
    refreshed_at: AwareDatetime
    """When the access token was given: at the sign-in, or later."""
    is_dead: bool = False
    """Whether Spotify has refused the refresh token."""

    @property
    def ends_at(self) -> dt.datetime:
        """About when the refresh token dies."""
        return self.signed_in_at + LIFETIME

    def days_left(self, now: dt.datetime) -> int:
        """Days until `ends_at`, begun ones included; 0 only when it is over."""
        return max(0, -((now - self.ends_at) // dt.timedelta(days=1)))


_FORM = TypeAdapter(UserToken)


class TokenStore(Protocol):
    """Holds one token. Each method raises `TokenStoreError` where the place cannot be used."""

    @property
    def where(self) -> str:
        """The place, for people."""

    def read(self) -> UserToken | None:
        """The token; None where there is none."""

    def write(self, token: UserToken) -> None:
        """Replace the token, wholly or not at all. The caller holds `locked`."""

    def delete(self) -> bool:
        """Forget the token; whether there was one. The caller holds `locked`."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other process and thread from it; waits until they are done."""


class TokenFile:
    """A token in a file that its owner alone can read."""

    def __init__(self, path: Path) -> None:
        """Keep the token at ``path``; its folder is made when it is needed."""
        self.path = path

    @property
    def where(self) -> str:
        """The path."""
        return str(self.path)

    def read(self) -> UserToken | None:
        """The token; None where there is no file.

        Raises:
            TokenStoreError: Others can read the file, it is damaged, or it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                self._check_mode(file)
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure("read", error) from error
        return _parse(content, self.where)

    def write(self, token: UserToken) -> None:
        """Replace the file by a rename, so that a crash leaves the old or the new token."""
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            # Left by a crash, and perhaps with another mode.
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_FORM.dump_json(token, indent=2))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
            sync(self.path.parent)
        except OSError as error:
            raise self._failure("written", error) from error

    def delete(self) -> bool:
        """Delete the file; whether there was one."""
        try:
            # A crash may have left a token here too.
            self.path.with_name(f"{self.path.name}.new").unlink(missing_ok=True)
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._failure("deleted", error) from error
        return True

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock file beside the token."""
        return _locked(self.path.with_name(f"{self.path.name}.lock"))

    def _check_mode(self, file: BinaryIO) -> None:
        if not stat.S_IMODE(os.fstat(file.fileno()).st_mode) & OTHERS:
            return
        raise TokenStoreError(
            f"Others can read {self.path}, so it is not used: the token in it may be known to "
            "them. Take the app's access away on https://www.spotify.com/account/apps, run "
            f"`chmod 600 {shlex.quote(self.where)}`, and sign in again with "
            "`spotify-assets login`."
        )

    def _failure(self, done: str, error: OSError) -> TokenStoreError:
        return TokenStoreError(
            f"The token file {self.path} cannot be {done}: {error.strerror or error}. Make it and "
            "its folder yours, or set SPOTIFY_TOKEN_FILE to another place."
        )


class TokenKeyring:
    """A token in the keyring of the system, by the optional package ``keyring``."""

    def __init__(self, client_id: str, lock: Path) -> None:
        """Keep the token of the app ``client_id``; ``lock`` is a file to lock, without content.

        Raises:
            TokenStoreError: The package is not installed.
        """
        try:
            import keyring  # noqa: PLC0415 - an optional extra
            import keyring.errors  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise TokenStoreError(
                "SPOTIFY_TOKEN_STORE=keyring needs the package keyring: run `pip install "
                "'spotify-assets[keyring]'`, or set SPOTIFY_TOKEN_STORE=file."
            ) from error
        self._keyring = keyring
        self._client_id = client_id
        self._lock = lock

    @property
    def where(self) -> str:
        """The names that a keyring's own window shows."""
        return f"the system's keyring ({KEYRING_SERVICE}, {self._client_id})"

    def read(self) -> UserToken | None:
        """The token; None where there is none.

        Raises:
            TokenStoreError: The keyring does not answer, or what it holds is damaged.
        """
        with self._reached():
            content = self._keyring.get_password(KEYRING_SERVICE, self._client_id)
        return None if content is None else _parse(content.encode(), self.where)

    def write(self, token: UserToken) -> None:
        """Replace the token."""
        with self._reached():
            self._keyring.set_password(
                KEYRING_SERVICE, self._client_id, _FORM.dump_json(token).decode()
            )

    def delete(self) -> bool:
        """Delete the entry; whether there was one."""
        with self._reached():
            if self._keyring.get_password(KEYRING_SERVICE, self._client_id) is None:
                return False
            self._keyring.delete_password(KEYRING_SERVICE, self._client_id)
        return True

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock file."""
        return _locked(self._lock)

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except self._keyring.errors.KeyringError as error:
            raise TokenStoreError(
                f"The system's keyring cannot be used: {error}. Unlock it, or set "
                "SPOTIFY_TOKEN_STORE=file."
            ) from error


class TokenSecret:
    """A token in the secret store, for machines without a home folder.

    The lock holds within this machine: machines that share a token must not refresh it at once.
    """

    def __init__(self, store: "WritableStore", name: str, lock: Path) -> None:
        """Keep the token as the secret ``name``; ``lock`` is a file to lock, without content."""
        self._store = store
        self._name = name
        self._lock = lock

    @property
    def where(self) -> str:
        """The store and the secret's name."""
        return f"the secret store {self._store.address} ({self._name})"

    def read(self) -> UserToken | None:
        """The token; None where there is none.

        Raises:
            TokenStoreError: The store does not answer, or what it holds is damaged.
        """
        with self._reached():
            content = self._store.read(self._name)
        return None if content is None else _parse(content.encode(), self.where)

    def write(self, token: UserToken) -> None:
        """Replace the token."""
        with self._reached():
            self._store.write(self._name, _FORM.dump_json(token).decode())

    def delete(self) -> bool:
        """Delete the secret; whether there was one."""
        with self._reached():
            return self._store.delete(self._name)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock file."""
        return _locked(self._lock)

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            with self._store.asked():
                yield
        except SecretStoreError as error:
            raise TokenStoreError(str(error)) from None


def _parse(content: bytes, where: str) -> UserToken:
    try:
        return _FORM.validate_json(content)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, one["loc"])) or "no JSON" for one in error.errors())
    # Outside the handler: the error quotes the content, and would go with ours into a traceback.
    raise TokenStoreError(
        f"The token in {where} is damaged ({wrong}) and cannot be used. {SIGN_IN_AGAIN}"
    )


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    except OSError as error:
        raise TokenStoreError(
            f"{path}, the lock of the token, cannot be opened: {error.strerror}. Make the folder "
            "writable, or set SPOTIFY_TOKEN_FILE to another place."
        ) from error
    # Closing gives the lock back, and so does any end of the process.
    with os.fdopen(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
