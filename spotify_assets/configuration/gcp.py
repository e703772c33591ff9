"""Google Secret Manager: a secret each, by our name."""

from functools import cached_property
from typing import Any

import requests
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPIError,
    NotFound,
    Unauthorized,
)
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from google.cloud.secretmanager import SecretManagerServiceClient
from pydantic_settings import BaseSettings, GoogleSecretManagerSettingsSource
from pydantic_settings.sources import PydanticBaseSettingsSource

from spotify_assets.configuration.secret_store import WritableStore

PATIENCE_SECONDS = 10.0


class _Client(SecretManagerServiceClient):
    """Remembers why a secret was not given: pydantic-settings takes any refusal for no value."""

    refusals: tuple[Exception, ...] = ()

    def access_secret_version(self, *args: Any, **how: Any) -> Any:
        try:
            return super().access_secret_version(*args, **how)
        except NotFound:
            raise
        except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
            self.refusals += (error,)
            raise


class Store(WritableStore):
    """A project, by its name; who asks, the application default credentials say."""

    errors = (GoogleAPIError, GoogleAuthError, requests.RequestException)
    login = (
        "Check who asks (GOOGLE_APPLICATION_CREDENTIALS, or the service account of this machine); "
        "it needs the roles Secret Manager Viewer and Secret Manager Secret Accessor."
    )

    def source(self, wanted: type[BaseSettings]) -> PydanticBaseSettingsSource:
        """One call for the names, and one for each of ours that is there."""
        # With case every name and alias would be asked for, whether it is there or not.
        return GoogleSecretManagerSettingsSource(
            wanted, project_id=self.place, secret_client=self._client, case_sensitive=False
        )

    def values(self, wanted: type[BaseSettings]) -> dict[str, Any]:
        """The settings that the project holds."""
        found = super().values(wanted)
        for error in self._client.refusals:
            raise error
        return found

    def read(self, name: str) -> str | None:
        """The last version of a secret."""
        path = self._client.secret_version_path(self.place, name, "latest")
        try:
            return str(self._client.access_secret_version(name=path).payload.data, "utf-8")
        except NotFound:
            return None

    def write(self, name: str, value: str) -> None:
        """A new version, and the ones before are destroyed: each that is kept is paid for."""
        path = self._client.secret_path(self.place, name)
        payload = {"data": value.encode()}
        try:
            new = self._client.add_secret_version(parent=path, payload=payload)
        except NotFound:
            self._client.create_secret(
                parent=self._client.common_project_path(self.place),
                secret_id=name,
                secret={"replication": {"automatic": {}}},
            )
            new = self._client.add_secret_version(parent=path, payload=payload)
        listed = self._client.list_secret_versions(
            request={"parent": path, "filter": "state:ENABLED"}
        )
        for version in listed:
            if version.name != new.name:
                self._client.destroy_secret_version(name=version.name)

    def delete(self, name: str) -> bool:
        """With all its versions."""
        try:
            self._client.delete_secret(name=self._client.secret_path(self.place, name))
        except NotFound:
            return False
        return True

    def is_refused(self, error: Exception) -> bool:
        """Nobody can say who asks, or Google says no."""
        return isinstance(error, Forbidden | Unauthorized | DefaultCredentialsError | RefreshError)

    def is_missing(self, error: Exception) -> bool:
        """No such project."""
        return isinstance(error, NotFound)

    @cached_property
    def _client(self) -> _Client:
        # The transport that goes through a proxy as all else does.
        return _Client(transport="rest")
