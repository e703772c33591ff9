"""The pages as a part of the one server.

Streamlit runs the script of the pages in this process, in a thread for each visitor, and has one
configuration for all of it: so the pages find in `deployment` what they are pages of.

Belongs here: Streamlit's options, and how it is mounted. Does not belong here: any page.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Mount

from spotify_assets.lake import Lake
from spotify_assets.pages.accounts import Accounts
from spotify_assets.pages.sign_in import Guarded, SignIn

SCRIPT = Path(__file__).with_name("script.py")
OPTIONS: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "global.suppressDeprecationWarnings": True,
    "logger.level": "warning",
    "runner.magicEnabled": False,
    "server.enableStaticServing": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 1,
    # One for each: a color for both would take the choice of light and dark from the browser.
    "theme.light.primaryColor": "#116239",
    "theme.dark.primaryColor": "#5cc58e",
}
"""Nothing is told to anybody, nothing is uploaded, and no error shows its insides."""

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Deployment:
    """What the pages show."""

    database: Path
    """The published DuckDB file."""
    lake: Lake
    """Where decisions about comments go."""
    accounts: Accounts
    dagster_url: str
    """Where the Dagster UI is opened."""


_DEPLOYMENTS: list[Deployment] = []


def deployment() -> Deployment:
    """That of this process."""
    return _DEPLOYMENTS[-1]


def mount(served: Deployment) -> tuple[list[BaseRoute], Lifespan]:
    """Routes of the sign-in and of the pages, and what the server has to run around them.

    Raises:
        ModuleNotFoundError: The extra is not installed.
    """
    import streamlit as st  # noqa: PLC0415 - of an extra, and slow to import
    from streamlit import config  # noqa: PLC0415 - as above

    # All that the pages import, or the first visitor would wait for it.
    from spotify_assets.pages.dashboard import (  # noqa: F401, PLC0415
        comments,
        genres,
        listening,
        operations,
        releases,
    )

    config.get_config_options()
    for name, value in OPTIONS.items():
        config.set_option(name, value, "spotify-assets")
    _DEPLOYMENTS[:] = [served]
    app = st.App(SCRIPT)
    routes = SignIn(served.accounts).routes()
    return [*routes, Mount("/", Guarded(app, served.accounts))], app.lifespan()
