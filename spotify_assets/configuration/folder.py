"""Secrets as files of a folder, as Docker, Kubernetes and systemd lay them down."""

import warnings
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, SecretsSettingsSource
from pydantic_settings.sources import PydanticBaseSettingsSource

from spotify_assets.configuration.errors import ConfigurationError
from spotify_assets.configuration.secret_store import SecretStore


class Store(SecretStore):
    """A file a secret; its name is the secret's, in capitals or not."""

    errors = (OSError, UnicodeDecodeError)
    login = "Give the user who runs this the right to read the folder and its files."

    @property
    def folder(self) -> Path:
        """The folder."""
        return Path(self.place).expanduser()

    def source(self, wanted: type[BaseSettings]) -> PydanticBaseSettingsSource:
        """Files of the folder."""
        return SecretsSettingsSource(wanted, secrets_dir=self.folder)

    def values(self, wanted: type[BaseSettings]) -> dict[str, Any]:
        """The settings that the folder holds."""
        # Else a folder that is not there is a warning, and one that may not be read has no files.
        for _ in self.folder.iterdir():
            break
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", UserWarning)
            try:
                found = super().values(wanted)
            except UnicodeDecodeError:
                found = {}
                warnings.warn("a file in it is no UTF-8", stacklevel=1)
        if warned:
            # They name a file, never its content.
            raise ConfigurationError(
                f"The secret store {self.address} cannot be used: {warned[0].message}"
            )
        return found

    def is_refused(self, error: Exception) -> bool:
        """No right to read."""
        return isinstance(error, PermissionError)

    def is_missing(self, error: Exception) -> bool:
        """No such folder."""
        return isinstance(error, FileNotFoundError | NotADirectoryError)
