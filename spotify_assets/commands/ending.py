"""How a command ends: exit codes, and a word before it.

Belongs here: what all commands share. Does not belong here: any command.
"""

from typing import NoReturn

import typer
from pydantic import ValidationError

from spotify_assets.alerts import AlertsError
from spotify_assets.lake import LakeError
from spotify_assets.operations import OperationsError
from spotify_assets.settings import Settings
from spotify_assets.spotify.ledger import LedgerError
from spotify_assets.terminal import err
from spotify_assets.warehouse.errors import WarehouseError

FAILED, USAGE, LATER, STOPPED = 1, 2, 75, 130
"""Something failed; the words are wrong; the API wants to be asked later; Ctrl-C."""
STORE_ERRORS = (LakeError, WarehouseError, LedgerError, OperationsError, AlertsError)
"""What goes wrong with our own files; each says which file, and what to do."""


def stop(message: str, code: int) -> NoReturn:
    """End with a message."""
    err.print(message, style="red", soft_wrap=True)
    raise typer.Exit(code)


def settings_or_stop() -> Settings:
    """The settings; where one is wrong, end and say which."""
    try:
        return Settings()
    except ValidationError as error:
        said = "; ".join(f"{e['loc'][0]}={e['input']!r}: {e['msg']}" for e in error.errors())
        stop(f"A setting is wrong: {said}. See .env.template.", USAGE)


def dagster_home_or_stop(settings: Settings) -> None:
    """Set up the folder of Dagster's runs and events; where it cannot be written, end."""
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs import launch  # noqa: PLC0415

    try:
        launch.prepare_home(settings.dagster_home)
    except LakeError as error:
        stop(str(error), FAILED)
