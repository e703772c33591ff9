"""What a secret store is, which there are, and that each is asked once a process.

Belongs here: what all stores share. Does not belong here: how one of them is asked; that stands in
a module of its name.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from typing import Any

from pydantic import SecretStr, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsError
from pydantic_settings.sources import PydanticBaseSettingsSource

from spotify_assets.configuration.errors import ConfigurationError, SecretStoreError
from spotify_assets.storage.errors import FailureKind
from spotify_assets.text.visible import visible

KINDS = {"dir": "folder", "aws": "aws", "azure": "azure", "gcp": "gcp"}
"""The first word of an address, and the module of that store."""
MAX_MESSAGE = 200
USER_TOKEN = "SPOTIFY_USER_TOKEN"  # noqa: S105 - the name of a secret
"""The name of the user's sign-in in a store."""


class SecretStore(ABC):
    """A place for secrets, each by the name that it has in the environment."""

    errors: tuple[type[Exception], ...]
    """What its SDK raises."""
    login: str
    """What to look at where it refuses."""

    def __init__(self, address: str, place: str) -> None:
        """Open nothing yet.

        Args:
            address: As it is set, for messages.
            place: The folder, secret, vault or project.
        """
        self.address = address
        self.place = place

    @abstractmethod
    def source(self, wanted: type[BaseSettings]) -> PydanticBaseSettingsSource:
        """Where pydantic-settings reads the fields of ``wanted`` from."""

    @abstractmethod
    def is_refused(self, error: Exception) -> bool:
        """Whether it knows who asks, and says no; or nobody can say who asks."""

    @abstractmethod
    def is_missing(self, error: Exception) -> bool:
        """Whether what was asked for is not there."""

    def values(self, wanted: type[BaseSettings]) -> dict[str, Any]:
        """The settings that it holds, by the names of pydantic."""
        try:
            return self.source(wanted)()
        except SettingsError as error:
            # What the SDK raised within pydantic-settings.
            if isinstance(error.__cause__, self.errors):
                raise error.__cause__ from None
            raise

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Say what is wrong in one message, which holds no secret.

        Raises:
            SecretStoreError: It is refused, missing or not reached.
        """
        try:
            yield
        except self.errors as error:
            kind = FailureKind.PERMANENT
            said = visible(" ".join(str(error).split()))[:MAX_MESSAGE].rstrip(".")
            if self.is_refused(error):
                problem = f"refuses the login ({said}). {self.login}"
            elif self.is_missing(error):
                problem = f"does not exist ({said}). Make it, or correct SPOTIFY_SECRETS."
            else:
                kind = FailureKind.RETRY
                problem = (
                    f"does not answer ({said}). Check the network, the proxy and the address; or "
                    "give the secrets by the environment and set SPOTIFY_SECRETS to nothing."
                )
        else:
            return
        # Outside the handler: no traceback goes through the SDK, which held the answer.
        raise SecretStoreError(f"The secret store {self.address} {problem}", kind)


class WritableStore(SecretStore):
    """A store over the network: the user's sign-in can lie there too."""

    @abstractmethod
    def read(self, name: str) -> str | None:
        """A secret; None where there is none. It is asked for each time."""

    @abstractmethod
    def write(self, name: str, value: str) -> None:
        """Make or replace a secret."""

    @abstractmethod
    def delete(self, name: str) -> bool:
        """Delete a secret; whether there was one."""


def store_at(address: str) -> SecretStore:
    """The store of an address such as ``aws:NAME``.

    Raises:
        ConfigurationError: It is no address, or its package is not installed.
    """
    kind, _, place = address.partition(":")
    if kind not in KINDS or not place:
        raise ConfigurationError(
            "SPOTIFY_SECRETS cannot be read. Write dir:FOLDER, aws:NAME, "
            "azure:https://NAME.vault.azure.net or gcp:PROJECT."
        )
    try:
        module = import_module(f"spotify_assets.configuration.{KINDS[kind]}")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"SPOTIFY_SECRETS={kind}:… needs the package {error.name}: run `pip install "
            f"'spotify-assets[{kind}]'`."
        ) from None
    found: SecretStore = module.Store(address, place)
    return found


_lock = Lock()
_answers: dict[tuple[str, frozenset[str]], dict[str, Any]] = {}


def secrets_of(address: str, fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """What a store holds of some settings; asked once, however often settings are made.

    Raises:
        ConfigurationError: The address is wrong, or what the store holds cannot be read.
        SecretStoreError: The store does not give it.
    """
    key = (address, frozenset(fields))
    with _lock:
        if key not in _answers:
            store = store_at(address)
            with store.asked():
                found = store.values(_model(fields))
            _answers[key] = {name: _text(value) for name, value in found.items() if value}
        return dict(_answers[key])


def _model(fields: Mapping[str, FieldInfo]) -> type[BaseSettings]:
    """Settings with these fields alone, so that nothing else is asked for."""
    wanted: dict[str, Any] = {name: (SecretStr | None, field) for name, field in fields.items()}
    return create_model("Secrets", __base__=BaseSettings, **wanted)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
