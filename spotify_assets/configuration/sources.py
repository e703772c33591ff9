"""The two places that settings come from besides the environment, as pydantic-settings asks them.

Belongs here: which of the settings each is asked for. Does not belong here: what can be set, and
how a place is read.
"""

from collections.abc import Collection
from typing import Any, get_args

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, InitSettingsSource
from pydantic_settings.sources import PydanticBaseSettingsSource

from spotify_assets.configuration import config_file
from spotify_assets.configuration.secret_store import secrets_of

OFF = "off"
"""Instead of an address: no store is asked."""


def secret_store_and_config_file(
    settings: type[BaseSettings], besides: Collection[str]
) -> tuple[PydanticBaseSettingsSource, PydanticBaseSettingsSource]:
    """The secret store, and ``config.yaml`` below it, which can say which store that is.

    Args:
        settings: What can be set. Fields that are `SecretStr` are secret.
        besides: Fields that lie in a store too, beside their secret.

    Raises:
        ConfigurationError: The file cannot be read, or holds what does not belong there.
    """
    file = _config_file(settings)
    return _SecretStoreSource(settings, file, besides), file


def secret_names(settings: type[BaseSettings]) -> set[str]:
    """The names of all settings that are secret."""
    secret = [field for field in settings.model_fields.values() if _is_secret(field)]
    return {name for field in secret for name in _names(field)}


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))


def _names(field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    return [str(one) for one in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]


def _config_file(settings: type[BaseSettings]) -> InitSettingsSource:
    """What ``config.yaml`` of this folder sets."""
    names = [name for field in settings.model_fields.values() for name in _names(field)]
    held = config_file.read(config_file.CONFIG_FILE, names, secret_names(settings))
    return InitSettingsSource(settings, dict(held))


class _SecretStoreSource(PydanticBaseSettingsSource):
    """What the secret store holds, where one is set."""

    def __init__(
        self, settings: type[BaseSettings], file: InitSettingsSource, besides: Collection[str]
    ) -> None:
        super().__init__(settings)
        self._file = file
        self._besides = besides

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Unused: all are asked for at once."""
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        """The secrets by the names of pydantic."""
        fields = self.settings_cls.model_fields
        # Also where the file below this source says which store it is.
        address = (self._file() | self.current_state).get("SPOTIFY_SECRETS")
        if not address or address == OFF:
            return {}
        return secrets_of(
            address,
            {key: one for key, one in fields.items() if _is_secret(one) or key in self._besides},
        )
