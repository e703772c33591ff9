"""The accounts host: grants in, tokens out, for the app itself and for a user who signed in.

What does not belong here: the page on which the user agrees (``sign_in``), and what a token looks
like (``tokens``). Codes and refresh tokens carry all that is known of the sign-in; held is only
which of them were used up.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET
from spotify_assets.sandbox.clock import Clock
from spotify_assets.sandbox.tokens import LIFETIME_S, Kind, Token, decoded, new_token, read

CODE_LIFETIME_S = 600
REFRESH_LIFETIME_S = 182 * 86_400
"""Six months after the sign-in; refreshing does not prolong it."""


class TokenRefused(Exception):
    """The accounts host gives no token; ``body`` is what it says."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class TokenRequest:
    """What was sent to ``POST /api/token``: the form, and who sends it.

    ``client_secret`` is None for a public client, which proves itself by PKCE.
    """

    form: Mapping[str, str]
    client_id: str | None
    client_secret: str | None

    @classmethod
    def read(cls, body: str, authorization: str) -> "TokenRequest":
        """Read the urlencoded body and the ``Authorization`` header (empty if there is none)."""
        form = dict(parse_qsl(body))
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "basic":
            client_id, _, secret = decoded(value).decode(errors="replace").partition(":")
            return cls(form, client_id, secret)
        return cls(form, form.get("client_id"), form.get("client_secret"))

    @property
    def grant_type(self) -> str:
        """The kind of grant, empty if there is none."""
        return self.form.get("grant_type", "")


class Accounts:
    """Gives tokens, each code and each rotated refresh token once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: set[bytes] = set()

    def code(self, *, scope: str, redirect_uri: str, challenge: str | None) -> str:
        """Make a code for a user who agrees.

        Args:
            scope: What the user agrees to, separated by spaces.
            redirect_uri: Where the code is sent; the exchange has to name it again.
            challenge: Of PKCE (S256); None for a client with a secret.
        """
        expires_at = self._clock.now() + CODE_LIFETIME_S
        claims = {"scope": scope, "redirect_uri": redirect_uri, "challenge": challenge}
        return new_token(expires_at, "code", **claims)

    def grant(self, request: TokenRequest) -> dict[str, str | int]:
        """Answer a request for a token.

        Raises:
            TokenRefused: The client or the grant is not one the sandbox knows.
        """
        match request.grant_type:
            case "authorization_code":
                return self._exchanged(request)
            case "refresh_token":
                return self._refreshed(request)
            case kind:
                _check_client(request, needs_secret=True)
                if kind != "client_credentials":
                    raise TokenRefused(
                        "unsupported_grant_type",
                        "grant_type must be client_credentials, authorization_code or "
                        "refresh_token",
                    )
                return self._access("app")

    def _exchanged(self, request: TokenRequest) -> dict[str, str | int]:
        _check_client(request, needs_secret=False)
        code = self._unused(request.form.get("code", ""), "code", "Invalid authorization code")
        challenge = code.claims["challenge"]
        _check_client(request, needs_secret=challenge is None)
        if code.expires_at <= self._clock.now():
            raise _invalid_grant("Authorization code expired")
        if request.form.get("redirect_uri") != code.claims["redirect_uri"]:
            raise _invalid_grant("Invalid redirect URI")
        if challenge is not None and not _answers(request.form.get("code_verifier"), challenge):
            raise _invalid_grant("code_verifier was incorrect")
        self._used.add(code.nonce)
        scope, rotates = code.claims["scope"], challenge is not None
        dies_at = int(self._clock.now() + REFRESH_LIFETIME_S)
        refresh = new_token(dies_at, "refresh", scope=scope, rotates=rotates)
        return self._access("user", scope) | {"refresh_token": refresh}

    def _refreshed(self, request: TokenRequest) -> dict[str, str | int]:
        _check_client(request, needs_secret=False)
        text = request.form.get("refresh_token", "")
        token = self._unused(text, "refresh", "Invalid refresh token", used="Refresh token revoked")
        rotates, scope = token.claims["rotates"], token.claims["scope"]
        _check_client(request, needs_secret=not rotates)
        if token.expires_at <= self._clock.now():
            raise _invalid_grant("Refresh token revoked")
        answer = self._access("user", scope)
        if rotates:
            self._used.add(token.nonce)
            new = new_token(token.expires_at, "refresh", scope=scope, rotates=True)
            answer["refresh_token"] = new
        return answer

    def _unused(self, text: str, kind: Kind, invalid: str, used: str | None = None) -> Token:
        token = read(text)
        if token is None or token.kind != kind:
            raise _invalid_grant(invalid)
        if token.nonce in self._used:
            raise _invalid_grant(used or invalid)
        return token

    def _access(self, kind: Kind, scope: str | None = None) -> dict[str, str | int]:
        claims: dict[str, Any] = {} if scope is None else {"scope": scope}
        return {
            "access_token": new_token(self._clock.now() + LIFETIME_S, kind, **claims),
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
            **claims,
        }


def _check_client(request: TokenRequest, *, needs_secret: bool) -> None:
    if request.client_secret is None and not needs_secret:
        if request.client_id != CLIENT_ID:
            raise TokenRefused("invalid_client", "Invalid client")
    elif (request.client_id, request.client_secret) != (CLIENT_ID, CLIENT_SECRET):
        raise TokenRefused("invalid_client", "Invalid client secret")


def _answers(verifier: str | None, challenge: str) -> bool:
    """Whether the challenge was made of the verifier (RFC 7636, S256)."""
    digest = hashlib.sha256((verifier or "").encode()).digest()
    made = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return hmac.compare_digest(made, challenge.rstrip("=").encode())


def _invalid_grant(description: str) -> TokenRefused:
    return TokenRefused("invalid_grant", description)
