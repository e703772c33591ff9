"""Failures that are sent to Sentry, where a DSN is set: what failed and where, and of which run.

Belongs here: what of a failure leaves this machine. Messages, values of variables, the names of
machine and user, and paths above the code stay: they can hold what the listener listens to.
"""

import re
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from spotify_assets.configuration.errors import ConfigurationError

SENT = {"event_id", "timestamp", "level", "platform", "release", "exception", "tags", "sdk"}
FLUSH_SECONDS = 5.0
FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)')
OF_A_PACKAGE = re.compile(r".*?(?=spotify_assets/)|.*/(site-packages|lib/python[^/]*)/")
_dsn: SecretStr | None = None
_is_set_up = False


@dataclass(frozen=True)
class Raised:
    """An exception without what it says: its class, and the lines of its traceback."""

    type: str
    lines: Iterable[str]


def begin(dsn: SecretStr | None) -> None:
    """Have this process send what fails; nothing is imported before something does.

    Raises:
        ConfigurationError: It is no DSN, or the package is not installed.
    """
    global _dsn, _is_set_up
    # Here, where somebody reads it; not in the midst of a failure that is to be sent.
    if dsn and not _is_dsn(dsn.get_secret_value()):
        raise ConfigurationError(
            "SPOTIFY_SENTRY_DSN cannot be read: write it as Sentry's project settings show it, "
            "https://KEY@HOST/PROJECT, or set it to nothing."
        )
    if dsn and not find_spec("sentry_sdk"):
        raise ConfigurationError(
            "SPOTIFY_SENTRY_DSN needs the package sentry-sdk: run `pip install "
            "'spotify-assets[sentry]'`, or set it to nothing."
        )
    _dsn, _is_set_up = dsn, False


def _is_dsn(text: str) -> bool:
    """As sentry-sdk reads one, which is not imported for that."""
    try:
        split = urlsplit(text)
        is_address = split.hostname and (split.port is None or split.port)
    except ValueError:
        return False
    project = split.path.rpartition("/")[2]
    is_http = split.scheme in ("http", "https")
    return bool(is_http and split.username and is_address and project.isdecimal())


def report_exception(error: BaseException) -> None:
    """Send an exception that nobody expected."""
    report([Raised(type(error).__name__, traceback.format_tb(error.__traceback__))], {})


def report(raised: Iterable[Raised], tags: Mapping[str, str | None]) -> None:
    """Send a failure.

    Args:
        raised: The exceptions, the first cause first.
        tags: The run, genre and day that it is of.
    """
    if not _dsn:
        return
    import sentry_sdk  # noqa: PLC0415 - an extra, and slow to import

    _set_up()
    values = [{"type": one.type, "stacktrace": {"frames": _frames(one.lines)}} for one in raised]
    sentry_sdk.capture_event(
        {
            "level": "error",
            "platform": "python",
            "exception": {"values": values},
            "tags": {name: value for name, value in tags.items() if value},
        }
    )
    sentry_sdk.flush(FLUSH_SECONDS)


def _set_up() -> None:
    global _is_set_up  # noqa: PLW0603 - of the process, as loggers are
    if _is_set_up or not _dsn:
        return
    from importlib.metadata import version  # noqa: PLC0415

    import sentry_sdk  # noqa: PLC0415

    sentry_sdk.init(
        dsn=_dsn.get_secret_value(),
        release=f"spotify-assets@{version('spotify-assets')}",
        # What they would add, is dropped: the words of the command, logs, local variables.
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        include_local_variables=False,
        include_source_context=False,
        send_default_pii=False,
        send_client_reports=False,
        max_breadcrumbs=0,
        server_name="",
        before_send=_bare,
    )
    _is_set_up = True


def _bare(event: Any, _hint: Any) -> Any:
    """What may be sent of an event, whatever the SDK put into it."""
    return {name: value for name, value in event.items() if name in SENT}


def _filename(path: str) -> str:
    """Below the package that it is of; of anything else its own name."""
    within = OF_A_PACKAGE.match(path)
    return path[within.end() :] if within else path.rpartition("/")[2]


def _frames(lines: Iterable[str]) -> list[dict[str, Any]]:
    found = (FRAME.search(line) for line in lines)
    return [
        {
            "filename": _filename(frame["file"]),
            "function": frame["function"],
            "lineno": int(frame["line"]),
            "in_app": "spotify_assets/" in frame["file"],
        }
        for frame in found
        if frame
    ]
