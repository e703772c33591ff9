"""Errors of the Web API: a status, a message, and the JSON body both go into.

What does not belong here: when which error is due. Errors of the accounts host look different and
are made where they occur (``accounts``).
"""

from typing import Any


class ApiError(Exception):
    """An answer other than 200, raised wherever the reason for it is found."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"error": {"status": self.status, "message": self.message}}


def bad_request(message: str) -> ApiError:
    """The request itself is wrong."""
    return ApiError(400, message)


def unauthorized(message: str) -> ApiError:
    """The token is absent, wrong, or not one of the kind that is needed."""
    challenge = f'Bearer realm="spotify", error="invalid_token", error_description="{message}"'
    return ApiError(401, message, {"WWW-Authenticate": challenge})


def forbidden(message: str = "Forbidden") -> ApiError:
    """The app may not use the endpoint, or the user did not agree to it."""
    return ApiError(403, message)


def not_found(message: str = "Resource not found") -> ApiError:
    """There is no such thing."""
    return ApiError(404, message)
