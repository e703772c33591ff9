"""Signed tokens: what the sandbox hands out, and what it reads again.

A token carries its own expiry, what it is good for, and a signature, so the server keeps nothing
and a token outlives a restart. What does not belong here: who gets one (``accounts``).
"""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET
from spotify_assets.sandbox.errors import unauthorized

LIFETIME_S = 3600
_KEY = f"{CLIENT_ID}:{CLIENT_SECRET}".encode()
_EXPIRY_BYTES, _NONCE_BYTES, _SIGNATURE_BYTES = 8, 16, 32

Kind = Literal["app", "user", "code", "refresh"]


@dataclass(frozen=True)
class Token:
    """What a token says.

    Attributes:
        expires_at: Unix time in seconds.
        nonce: Tells it from every other token.
        kind: ``app`` and ``user`` are for the API; ``code`` and ``refresh`` are exchanged for them.
        claims: What else it carries, by name.
    """

    expires_at: int
    nonce: bytes
    kind: Kind
    claims: dict[str, Any]

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the user agreed to; None for the token of an app."""
        return None if self.kind == "app" else frozenset(self.claims["scope"].split())


def new_token(expires_at: float, kind: Kind = "app", **claims: Any) -> str:
    """Make a token that is good until a Unix time (seconds)."""
    expiry = int(expires_at).to_bytes(_EXPIRY_BYTES, "big")
    said = json.dumps({"kind": kind, **claims}).encode()
    payload = expiry + secrets.token_bytes(_NONCE_BYTES) + said
    return base64.urlsafe_b64encode(payload + _signature(payload)).decode().rstrip("=")


def read(text: str) -> Token | None:
    """Read a token, expired or not; None if the sandbox did not make it."""
    signed = decoded(text)
    payload, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(payload)):
        return None
    expiry, rest = payload[:_EXPIRY_BYTES], payload[_EXPIRY_BYTES:]
    claims = json.loads(rest[_NONCE_BYTES:])
    return Token(int.from_bytes(expiry, "big"), rest[:_NONCE_BYTES], claims.pop("kind"), claims)


def check(authorization: str, now: float) -> Token:
    """Check the ``Authorization`` header of a request to the API.

    Args:
        authorization: The header, empty if there is none.
        now: Unix time in seconds.

    Raises:
        ApiError: 401, with what is wrong with the token.
    """
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise unauthorized("No token provided")
    token = read(text.strip())
    if token is None or token.kind not in ("app", "user"):
        raise unauthorized("Invalid access token")
    if token.expires_at <= now:
        raise unauthorized("The access token expired")
    return token


def _signature(payload: bytes) -> bytes:
    return hmac.digest(_KEY, payload, "sha256")


def decoded(text: str) -> bytes:
    """Decode base 64, URL-safe or not; what is none gives nothing."""
    standard = text.translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4))
    except ValueError:
        return b""
