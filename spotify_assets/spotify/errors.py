"""What the API can say no with, each with what to do about it."""

from spotify_assets.lake.raw import Request, Response

RATE_WINDOW_SECONDS = 30
"""Spotify counts requests over a rolling window of this length."""


class SpotifyError(Exception):
    """The API did not give what was asked for. Responses received so far are kept."""


class NoCredentials(SpotifyError):
    """Neither credentials nor a sandbox are configured."""

    def __init__(self) -> None:
        super().__init__(
            "No Spotify credentials. Put SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET into .env "
            "(create an app on https://developer.spotify.com/dashboard), or go on without an "
            "account: run `spotify-assets sandbox` in another terminal and set "
            "SPOTIFY_SANDBOX_URL=http://127.0.0.1:8765."
        )


class DayCannotBeAsked(SpotifyError):
    """The API answers for now only; the day is not today."""


class CredentialsRefused(SpotifyError):
    """The client id or secret is wrong, or the token is refused twice."""


class Refused(SpotifyError):
    """400 or 404: the request itself is wrong and must not be sent again."""


class InvalidLimit(Refused):
    """400 `Invalid limit`: the page is larger than this app may ask for (development mode)."""


class Forbidden(SpotifyError):
    """403: not in this app's mode, or Premium lapsed, or the user is not registered."""


class RateLimited(SpotifyError):
    """429 with a wait that is too long to sit through.

    Attributes:
        retry_after: Seconds until the API answers again.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(SpotifyError):
    """No usable answer after all attempts: no connection, 5xx, or bodies cut or not JSON."""


def refusal(request: Request, response: Response) -> SpotifyError:
    """The error for a response that is no answer."""
    said = message(response)
    what = f"{request.endpoint} {dict(request.params)}"
    match response.status:
        case 400 if said.lower().startswith("invalid limit"):
            return InvalidLimit(f"The API refuses the page size of {what}.")
        case 400 | 404:
            return Refused(f"The API refuses {what}: {response.status} {said}.")
        case 401:
            return CredentialsRefused(
                f"The API refuses the token for {what}: {said}. Check SPOTIFY_CLIENT_ID and "
                "SPOTIFY_CLIENT_SECRET."
            )
        case 403:
            return Forbidden(f"The API forbids {what} to this app: {said}.")
        case 429:
            wait = retry_after(response)
            return RateLimited(f"The API is rate limited ({said}) and asks to wait {wait} s.", wait)
        case status:
            return Unavailable(f"The API gave no usable answer to {what}: {status} {said}.")


def message(response: Response) -> str:
    """What the body of an error says, whatever its form."""
    body = response.json()
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        parts = [str(error[key]) for key in ("message", "reason") if error.get(key)]
        return ", ".join(parts) or "no message"
    if isinstance(error, str):
        return str(body.get("error_description") or error)
    return response.body.decode(errors="replace").strip()[:200] or "an empty body"


def retry_after(response: Response) -> int:
    """Seconds of the header `Retry-After`; the rate limit's window where it is absent."""
    value = response.headers.get("retry-after", "")
    return int(value) if value.isdecimal() else RATE_WINDOW_SECONDS
