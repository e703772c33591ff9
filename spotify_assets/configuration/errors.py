"""What can be wrong with the places that settings come from. No message quotes a value."""

from spotify_assets.storage.errors import FailureKind, ProjectError


class ConfigurationError(ProjectError):
    """A setting is written where it does not belong, or in a way that cannot be read."""

    kind = FailureKind.USAGE


class SecretStoreError(ProjectError):
    """The secret store gives nothing: it is missing, refuses, or is not reached."""

    def __init__(self, message: str, kind: FailureKind) -> None:
        super().__init__(message)
        self.kind = kind
