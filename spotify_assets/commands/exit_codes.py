"""How a command ends: exit codes, and a word before it.

Belongs here: what all commands share. Does not belong here: any command.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spotify_assets.commands.terminal import err
from spotify_assets.configuration.sources import OFF, secret_names
from spotify_assets.operations import error_reports, logs
from spotify_assets.settings import Settings
from spotify_assets.storage import permissions as access
from spotify_assets.storage.errors import FailureKind, ProjectError

DONE, FAILED, USAGE, LATER, STOPPED = 0, 1, 2, 75, 130
"""What was asked for is done; something failed; the words or a setting are wrong; the API wants to
be asked later; Ctrl-C. For users docs/operations.md says the same."""
OF_KIND = dict.fromkeys(FailureKind, FAILED) | {FailureKind.WAIT: LATER, FailureKind.USAGE: USAGE}


def code_of(kinds: Iterable[FailureKind]) -> int:
    """How a command ends that failed in these ways, if in any: as each of them, if all agree."""
    codes = {OF_KIND[kind] for kind in kinds} or {DONE}
    return codes.pop() if len(codes) == 1 else FAILED


def end(error: ProjectError) -> NoReturn:
    """End with what an error says."""
    stop(" ".join([str(error), *getattr(error, "__notes__", [])]), OF_KIND[error.kind])


@contextmanager
def stopping(said: str, kept: str = "") -> Iterator[None]:
    """Ctrl-C ends the command with a word.

    Args:
        said: The word.
        kept: What an error says besides: what there is all the same.
    """
    try:
        yield
    except KeyboardInterrupt:
        stop(said, STOPPED)
    except ProjectError as error:
        if kept:
            error.add_note(kept)
        raise


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
    if said := access.keep_private(settings.data_dir.resolve(), settings.readers):
        err.print(said, style="yellow", soft_wrap=True)
    logs.begin(settings.logs, is_server=False)
    error_reports.begin(settings.sentry_dsn)
    return settings


def _settings_or_stop(secrets: bool) -> Settings:
    try:
        return Settings() if secrets else Settings(SPOTIFY_SECRETS=OFF)
    except ValidationError as error:
        said = "; ".join(f"{one['loc'][0]}{_shown(one)}: {one['msg']}" for one in error.errors())
        stop(f"A setting is wrong: {said}. See .env.template.", USAGE)


def _shown(wrong: ErrorDetails) -> str:
    """What was set, unless nobody may see it."""
    return "" if wrong["loc"][0] in secret_names(Settings) else f"={wrong['input']!r}"
