"""An accounts host: signs in whoever comes, and refreshes by rotating tokens; real HTTP.

Each refresh token is good for one refresh, so two at once would be noticed.
"""

import base64
import contextlib
import hashlib
import time
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from spotify_assets.sandbox import server
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets_tests.sources.spotify_api.faults import Says, says_json

CLIENT_ID = "an-id-of-an-app"
HTML_503 = Says(503, b"<html>", {"content-type": "text/html"})


def oauth_error(error: str, description: str) -> Says:
    return says_json({"error": error, "error_description": description}, 400)


REVOKED = oauth_error("invalid_grant", "Refresh token revoked")
INVALID_CLIENT = oauth_error("invalid_client", "Invalid client")


class Accounts:
    """What it was asked, and what it gave out; ``says`` is said before anything else."""

    url: str

    def __init__(self) -> None:
        self.app = Starlette(
            routes=[
                Route("/authorize", self._authorize),
                Route("/api/token", self._token, methods=["POST"]),
            ]
        )
        self.reset()

    def reset(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.asked_to_agree: list[dict[str, str]] = []
        self.given: list[str] = []
        self.says: list[Says] = []
        self.error: str | None = None
        """What the user's answer is instead of yes."""
        self.rotates = True
        self.delay_s = 0.0
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh_tokens: set[str] = set()

    @property
    def connection(self) -> Connection:
        """As if to Spotify itself; only the addresses are local."""
        urls = f"{self.url}/v1/", f"{self.url}/api/token", f"{self.url}/authorize"
        return Connection("spotify", CLIENT_ID, "", *urls)

    @property
    def secrets(self) -> list[str]:
        """All that nobody may see: what was given out, and what proves who asks for it."""
        return [*self.given, *(f["code_verifier"] for f in self.forms if "code_verifier" in f)]

    def knows(self, refresh_token: str) -> str:
        """Make a refresh token good, as if given at an earlier sign-in."""
        self.given.append(refresh_token)
        self._refresh_tokens.add(refresh_token)
        return refresh_token

    async def _authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        self.asked_to_agree.append(asked)
        if self.error is not None:
            answer = {"error": self.error, "state": asked["state"]}
        else:
            code = self._give("code")
            self._codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> Says:
        body = (await request.body()).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.forms.append(form)
        self.headers.append(request.headers)
        if self.delay_s:
            await run_in_threadpool(time.sleep, self.delay_s)
        if self.says:
            return self.says.pop(0)
        if form["grant_type"] == "refresh_token":
            return self._refresh(form["refresh_token"])
        return self._exchange(form)

    def _exchange(self, form: dict[str, str]) -> Says:
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None:
            return oauth_error("invalid_grant", "Invalid authorization code")
        if asked["code_challenge"] != challenge or asked["code_challenge_method"] != "S256":
            return oauth_error("invalid_grant", "code_verifier was incorrect")
        if asked["redirect_uri"] != form["redirect_uri"]:
            return oauth_error("invalid_grant", "Invalid redirect URI")
        return self._tokens({"scope": asked["scope"]}, rotates=True)

    def _refresh(self, token: str) -> Says:
        if token not in self._refresh_tokens:
            return REVOKED
        if self.rotates:
            self._refresh_tokens.discard(token)
        return self._tokens({}, rotates=self.rotates)

    def _tokens(self, more: dict[str, str], *, rotates: bool) -> Says:
        said = {"access_token": self._give("access"), "token_type": "Bearer", "expires_in": 3600}
        if rotates:
            said["refresh_token"] = self.knows(self._give("refresh"))
        return says_json({**said, **more})

    def _give(self, kind: str) -> str:
        self.given.append(f"{kind}-that-nobody-may-see-{len(self.given)}")
        return self.given[-1]


@contextlib.contextmanager
def running() -> Iterator[Accounts]:
    """The host on a free port of this machine."""
    accounts = Accounts()
    with server.running(accounts.app) as running:
        accounts.url = running.url
        yield accounts
