"""Sign-in of the app: client credentials in, bearer token out.

A token carries its own expiry and a signature, so the server keeps nothing and a token outlives a
restart. What does not belong here: sign-in of a user, which the sandbox does not have yet.
"""

import base64
import hmac
import secrets
import time
from urllib.parse import parse_qs

from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET
from spotify_assets.sandbox.errors import unauthorized

LIFETIME_S = 3600
_KEY = f"{CLIENT_ID}:{CLIENT_SECRET}".encode()
_EXPIRY_BYTES, _NONCE_BYTES, _SIGNATURE_BYTES = 8, 16, 32


class TokenRefused(Exception):
    """The accounts host gives no token; ``body`` is what it says."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


def grant(form: str, authorization: str) -> dict[str, str | int]:
    """Answer ``POST /api/token``.

    Args:
        form: The urlencoded body.
        authorization: The ``Authorization`` header, empty if there is none.

    Raises:
        TokenRefused: The client or the grant is not one the sandbox knows.
    """
    fields = {name: values[0] for name, values in parse_qs(form).items()}
    client = _basic(authorization) or (fields.get("client_id"), fields.get("client_secret"))
    if client != (CLIENT_ID, CLIENT_SECRET):
        raise TokenRefused("invalid_client", "Invalid client secret")
    if fields.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type must be client_credentials")
    return {
        "access_token": new_token(time.time() + LIFETIME_S),
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
    }


def new_token(expires_at: float) -> str:
    """Make a token that is good until a Unix time (seconds)."""
    payload = int(expires_at).to_bytes(_EXPIRY_BYTES, "big") + secrets.token_bytes(_NONCE_BYTES)
    return base64.urlsafe_b64encode(payload + _signature(payload)).decode().rstrip("=")


def check(authorization: str) -> None:
    """Check the ``Authorization`` header of a request to the API.

    Raises:
        ApiError: 401, with what is wrong with the token.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("No token provided")
    signed = _decoded(token.strip())
    payload, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(payload)):
        raise unauthorized("Invalid access token")
    if int.from_bytes(payload[:_EXPIRY_BYTES], "big") <= time.time():
        raise unauthorized("The access token expired")


def _signature(payload: bytes) -> bytes:
    return hmac.digest(_KEY, payload, "sha256")


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    client_id, _, client_secret = _decoded(value).decode(errors="replace").partition(":")
    return client_id, client_secret


def _decoded(text: str) -> bytes:
    """Decode base 64, URL-safe or not; what is none gives nothing."""
    standard = text.translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4))
    except ValueError:
        return b""
