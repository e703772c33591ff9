"""What can be wrong with the places that settings come from. No message quotes a value."""


class ConfigurationError(Exception):
    """A setting is written where it does not belong, or in a way that cannot be read."""


class SecretStoreError(Exception):
    """The secret store gives nothing: it is missing, refuses, or is not reached."""
