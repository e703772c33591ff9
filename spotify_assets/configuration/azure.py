"""Azure Key Vault: a secret each; its name has dashes where ours has underscores."""

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from pydantic_settings import AzureKeyVaultSettingsSource, BaseSettings
from pydantic_settings.sources import PydanticBaseSettingsSource

from spotify_assets.configuration.secret_store import WritableStore

FORBIDDEN = 403


class Store(WritableStore):
    """A vault, by its URL; who asks, the environment or the managed identity says."""

    errors = (AzureError,)
    login = (
        "Check who asks (AZURE_CLIENT_ID and its kin, or the managed identity of this machine); "
        "it needs the role Key Vault Secrets User on that vault."
    )

    def source(self, wanted: type[BaseSettings]) -> PydanticBaseSettingsSource:
        """One call for the names, and one for each of ours that is there."""
        # Without the dashes every setting would be silently empty.
        return AzureKeyVaultSettingsSource(
            wanted, self.place, DefaultAzureCredential(), dash_to_underscore=True
        )

    def read(self, name: str) -> str | None:
        """The last version of a secret."""
        try:
            value: str | None = self._client().get_secret(_dashed(name)).value
        except ResourceNotFoundError:
            return None
        return value

    def write(self, name: str, value: str) -> None:
        """A new version of the secret; one that was deleted is recovered first."""
        client = self._client()
        try:
            client.set_secret(_dashed(name), value)
        except ResourceExistsError:
            client.begin_recover_deleted_secret(_dashed(name)).wait()
            client.set_secret(_dashed(name), value)

    def delete(self, name: str) -> bool:
        """Deleted as the vault does it: it can be recovered for as long as the vault says."""
        try:
            self._client().begin_delete_secret(_dashed(name)).wait()
        except ResourceNotFoundError:
            return False
        return True

    def is_refused(self, error: Exception) -> bool:
        """Nobody can say who asks, or the vault says no."""
        if isinstance(error, HttpResponseError) and error.status_code == FORBIDDEN:
            return True
        return isinstance(error, ClientAuthenticationError)

    def is_missing(self, error: Exception) -> bool:
        """No such vault."""
        return isinstance(error, ResourceNotFoundError)

    def _client(self) -> SecretClient:
        return SecretClient(self.place, DefaultAzureCredential())


def _dashed(name: str) -> str:
    return name.replace("_", "-")
