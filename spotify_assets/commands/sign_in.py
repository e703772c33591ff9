"""``login`` and ``logout``: the user's own token."""

import webbrowser
from contextlib import closing
from functools import partial
from typing import Annotated

import typer

from spotify_assets.commands import claims
from spotify_assets.commands.exit_codes import settings_or_stop, stopping
from spotify_assets.commands.terminal import out, show_record
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.budget import Budget
from spotify_assets.sources.spotify_api.callback import redirect_uri
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.sources.spotify_api.session import EnteredSession
from spotify_assets.sources.spotify_api.sign_in import UserTokens, sign_in, utc_now
from spotify_assets.sources.spotify_api.tokens import UserToken


def login(
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address to open.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the redirect URI, instead of the settings'."),
    ] = None,
) -> None:
    """Sign in to Spotify, so that what you listen to can be read. It holds for six months."""
    settings = settings_or_stop()
    port = port or settings.redirect_port
    other = f"--port PORT, and add {redirect_uri('PORT')} to the redirect URIs of your app"
    with stopping("Stopped. Nothing was stored."):
        tokens = settings.user_tokens
        claims.free_port(port, "Spotify's answer", other)
        token = _sign_in(settings, tokens, port, browser=not no_browser)
    said = {
        "app": token.client_id,
        "holds for": f"{token.days_left(utc_now())} days, until about {token.ends_at:%Y-%m-%d}",
        "allows": " ".join(token.scopes),
        "stored in": tokens.store.where,
    }
    show_record("Signed in", said)


def logout() -> None:
    """Forget the sign-in: delete the token that `login` stored."""
    store = settings_or_stop().user_tokens.store
    with store.locked():
        was_there = store.delete()
    said = f"Deleted the token in {store.where}." if was_there else "Nobody was signed in."
    out.print(said, soft_wrap=True)
    if was_there:
        out.print(
            "To take the access away at Spotify too: https://www.spotify.com/account/apps",
            soft_wrap=True,
        )


def _sign_in(settings: Settings, tokens: UserTokens, port: int, *, browser: bool) -> UserToken:
    with closing(Ledger(settings.ledger)) as ledger:
        connection = tokens.connection
        budget = Budget(ledger, connection.app, connection.source, settings.limits)
        return sign_in(
            connection,
            tokens.store,
            port=port,
            show=lambda url: _show_sign_in(url, port, browser=browser),
            new_session=partial(EnteredSession, budget),
        )


def _show_sign_in(url: str, port: int, *, browser: bool) -> None:
    said = (
        f"Open this address, sign in and agree:\n\n{url}\n\n"
        f"Your app must have the redirect URI {redirect_uri(port)}.\n"
        f"No browser here? From the machine that has one: ssh -L {port}:127.0.0.1:{port} HOST\n"
        "Waiting for the answer (Ctrl-C stops) ..."
    )
    out.print(said, soft_wrap=True)
    if browser:
        webbrowser.open(url)
