"""What the processes do that tests of tokens start beside themselves."""

import datetime as dt
import sys
from pathlib import Path

from spotify_assets.sources.spotify_api.sign_in import UserTokens
from spotify_assets.sources.spotify_api.tokens import TokenFile, UserToken
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api.accounts import CLIENT_ID, Accounts


def token(signed_in_at: dt.datetime, refresh_token: str = "r", hours: float = 1.0) -> UserToken:  # noqa: S107 - of nobody
    """A token of a sign-in, good for ``hours`` from then."""
    return UserToken(
        client_id=CLIENT_ID,
        access_token="the-first-access-token",  # noqa: S106 - of nobody
        refresh_token=refresh_token,
        expires_at=signed_in_at + dt.timedelta(hours=hours),
        scopes=("user-top-read",),
        signed_in_at=signed_in_at,
        refreshed_at=signed_in_at,
    )


def says_its_token_when_told(url: str, path: str) -> None:
    """Print the access token as soon as there is a line on standard input."""
    accounts = Accounts()
    accounts.url = url
    tokens = UserTokens(accounts.connection, TokenFile(Path(path)))
    print("ready", flush=True)
    sys.stdin.readline()
    print(tokens.access_token())


def writes_on_a_full_disk(path: str) -> None:
    """Replace the token where no file can grow beyond some bytes."""
    processes.limit_files_to(100)
    store = TokenFile(Path(path))
    with store.locked():
        store.write(token(dt.datetime.now(dt.UTC)))
