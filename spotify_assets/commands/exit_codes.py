"""How a command ends: exit codes, and a word before it.

Belongs here: what all commands share. Does not belong here: any command.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spotify_assets.commands.terminal import err
from spotify_assets.configuration.errors import ConfigurationError, SecretStoreError
from spotify_assets.settings import OFF, Settings, secret_names
from spotify_assets.storage import permissions as access
from spotify_assets.storage.errors import StoreError
from spotify_assets.storage.permissions import AccessError

DONE, FAILED, USAGE, LATER, STOPPED = 0, 1, 2, 75, 130
"""What was asked for is done; something failed; the words or a setting are wrong; the API wants to
be asked later; Ctrl-C. For users docs/operations.md says the same."""


def stop(message: str, code: int) -> NoReturn:
    """End with a message."""
    err.print(message, style="red", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def answering() -> Iterator[None]:
    """Somebody is asked; Ctrl-C, and an input that is at its end, stop the command as elsewhere."""
    try:
        yield
    except typer.Abort:
        stop("Stopped. Nothing was changed.", STOPPED)


def settings_or_stop(*, writes_elsewhere: bool = False, secrets: bool = True) -> Settings:
    """The settings, and the data folder for its owner alone; where one is wrong, end and say which.

    Args:
        writes_elsewhere: The command writes where its user says: who may read that, the umask says.
        secrets: The command needs a secret; else it works while the secret store is not reached.
    """
    settings = _settings_or_stop(secrets)
    if not writes_elsewhere:
        os.umask(access.OWNER_ONLY)
    try:
        said = access.keep_private(settings.data_dir.resolve(), settings.readers)
    except AccessError as error:
        stop(str(error), USAGE)
    if said:
        err.print(said, style="yellow", soft_wrap=True)
    return settings


def _settings_or_stop(secrets: bool) -> Settings:
    try:
        return Settings() if secrets else Settings(SPOTIFY_SECRETS=OFF)
    except ConfigurationError as error:
        stop(str(error), USAGE)
    except SecretStoreError as error:
        stop(str(error), FAILED)
    except ValidationError as error:
        said = "; ".join(f"{one['loc'][0]}{_shown(one)}: {one['msg']}" for one in error.errors())
        stop(f"A setting is wrong: {said}. See .env.template.", USAGE)


def _shown(wrong: ErrorDetails) -> str:
    """What was set, unless nobody may see it."""
    return "" if wrong["loc"][0] in secret_names(Settings) else f"={wrong['input']!r}"


def dagster_home_or_stop(settings: Settings) -> None:
    """Set up the folder of Dagster's runs and events; where it cannot be written, end."""
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs import launch  # noqa: PLC0415

    try:
        launch.prepare_home(settings.dagster_home)
    except StoreError as error:
        stop(str(error), FAILED)
