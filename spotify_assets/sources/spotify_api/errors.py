"""What the API can say no with, each with what to do about it."""

import datetime as dt
import math
import re
from email.utils import parsedate_to_datetime

from spotify_assets.lake.exchanges import OK, Request, Response, flaw
from spotify_assets.storage.errors import FailureKind, ProjectError
from spotify_assets.text.visible import in_line

MAX_BLOCK_SECONDS = 7 * 24 * 3600
"""Longer than any wait that was ever seen (a day); a wrong number must not block for ever."""
SECONDS = re.compile(r"(?P<whole>[0-9]+)(\.(?P<fraction>[0-9]*))?")
"""RFC 9110 knows whole seconds only; proxies write fractions."""
REDIRECTS = range(300, 400)
MAX_MESSAGE = 200
"""Characters that are shown of a body that is not JSON: it may be a whole web page."""
OF_A_USER = "me"
"""The first word of the paths that need the token of a user."""


class SpotifyError(ProjectError):
    """The API did not give what was asked for. Responses received so far are kept."""


class NoCredentials(SpotifyError):
    """Neither credentials nor a sandbox are configured."""

    def __init__(self, secret_store: str | None = None) -> None:
        where = f".env or the secret store {secret_store}" if secret_store else ".env"
        super().__init__(
            f"No Spotify credentials. Put SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET into {where} "
            "(create an app on https://developer.spotify.com/dashboard), or go on without an "
            "account: run `spotify-assets sandbox` in another terminal and set "
            "SPOTIFY_SANDBOX_URL=http://127.0.0.1:8765."
        )


class DayCannotBeAsked(SpotifyError):
    """The API answers for now only; the day is not today."""


class CredentialsRefused(SpotifyError):
    """The client id or secret is wrong, or a token is refused twice."""


class Refused(SpotifyError):
    """400 or 404: the request itself is wrong and must not be sent again."""


class InvalidLimit(Refused):
    """400 `Invalid limit`: the page is larger than this app may ask for (development mode)."""


class Forbidden(SpotifyError):
    """403: asking again is of no use until somebody changes something at Spotify."""


class NotInThisMode(Forbidden):
    """The endpoint is not there for apps in development mode."""


class PremiumLapsed(Forbidden):
    """The owner of the app has no Premium any more; nothing works without it."""


class NotRegistered(Forbidden):
    """The signed-in user is not among the app's users (development mode: at most 5)."""


class NotAllowed(Forbidden):
    """The user did not agree to what the token would be needed for."""


class Blocked(SpotifyError):
    """The API has asked not to be called for longer than is waited for.

    Attributes:
        endpoint: The family of requests that is blocked.
        until: When it may be asked again (UTC).
    """

    kind = FailureKind.WAIT

    def __init__(self, endpoint: str, until: dt.datetime, why: str) -> None:
        super().__init__(
            f"The API is not to be asked for {endpoint} before {until:%Y-%m-%d %H:%M:%S} UTC: "
            f"{why}. What came is kept; the next run after that goes on from there."
        )
        self.endpoint = endpoint
        self.until = until


class BudgetSpent(Blocked):
    """The day's budget of a family is spent."""

    def __init__(self, endpoint: str, until: dt.datetime, most: int) -> None:
        super().__init__(
            endpoint, until, f"the budget of {most} calls in 24 h (SPOTIFY_DAILY_BUDGET) is spent"
        )


class RateLimited(SpotifyError):
    """429: too many requests, or the quota is spent.

    Attributes:
        retry_after: Seconds until the API wants to be asked again; ``None`` if it does not say.
        is_quota: Whether it is the quota of a day, not the rate.
    """

    kind = FailureKind.WAIT

    def __init__(self, message: str, retry_after: int | None, *, is_quota: bool) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.is_quota = is_quota


class Unavailable(SpotifyError):
    """No usable answer after all attempts: no connection, 5xx, or bodies cut or not JSON."""

    kind = FailureKind.RETRY


class Unreachable(Unavailable):
    """No connection, and none at another attempt, until somebody changes something here."""

    kind = FailureKind.PERMANENT


def asked(request: Request) -> str:
    """What was asked for, in messages: ids are counted, and named in no log but that of DEBUG."""
    counted = {
        name: f"{str(value).count(',') + 1} ids" if name == "ids" else value
        for name, value in request.params.items()
    }
    return f"{request.endpoint} {counted}"


def refusal(request: Request, response: Response) -> SpotifyError:
    """The error for a response that is no answer."""
    said = message(response)
    what = asked(request)
    match response.status:
        case 400 if said.lower().startswith("invalid limit"):
            return InvalidLimit(f"The API refuses the page size of {what}.")
        case 400 | 404:
            return Refused(f"The API refuses {what}: {response.status} {said}.")
        case 401:
            return _unauthorized(request, what, said)
        case 403:
            return _forbidden(what, said)
        case 429:
            is_quota = "QUOTA" in said.upper()
            kind = "quota is spent" if is_quota else "rate limit is reached"
            return RateLimited(
                f"The API's {kind} ({said})", retry_after(response), is_quota=is_quota
            )
        case _:
            return _unusable(request, response, what, said)


def _unusable(request: Request, response: Response, what: str, said: str) -> Unavailable:
    status = response.status
    if status in REDIRECTS:
        to = response.headers.get("location", "nowhere")
        return Unavailable(redirected(what, status, to))
    if status == OK and (body := response.json()) is not None:
        said = flaw(request, body)
    return Unavailable(f"The API gave no usable answer to {what}: {status} {said}.")


def redirected(what: str, status: int, to: str) -> str:
    """What to say of a redirect, which the API has none of."""
    return (
        f"{what} was answered with a redirect to {to} ({status}), which is not followed. "
        "A sign-in page of the network or a proxy does that: open a web page in a browser, sign "
        "in to the network or set HTTPS_PROXY, then run again."
    )


def _unauthorized(request: Request, what: str, said: str) -> CredentialsRefused:
    """By whose token it was: the user's and the app's are mended in different places."""
    if request.path.split("/")[0] == OF_A_USER:
        return CredentialsRefused(
            f"The API refuses the token of the signed-in user for {what}: {said}. Sign in again "
            "with `spotify-assets login`."
        )
    return CredentialsRefused(
        f"The API refuses the token for {what}: {said}. Check SPOTIFY_CLIENT_ID and "
        "SPOTIFY_CLIENT_SECRET."
    )


def _forbidden(what: str, said: str) -> Forbidden:
    """By its reason: each is mended in another way."""
    lower = said.lower()
    if "premium" in lower:
        return PremiumLapsed(
            f"The API answers nothing to this app: {said}. The owner of the app needs Spotify "
            "Premium: renew it, then run again."
        )
    if "registered" in lower:
        return NotRegistered(
            f"The API does not know the signed-in user: {said}. Add the user under User Management "
            "of the app on https://developer.spotify.com/dashboard."
        )
    if "scope" in lower:
        return NotAllowed(
            f"The sign-in does not cover {what}: {said}. Run `spotify-assets login` and agree."
        )
    return NotInThisMode(f"The API does not give {what} to this app: {said}.")


def message(response: Response) -> str:
    """What the body of an error says, whatever its form; on one line, without a full stop."""
    return in_line(_message(response))


def _message(response: Response) -> str:
    body = response.json()
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        said = [str(error[key]).rstrip(".") for key in ("message", "reason") if error.get(key)]
        return ", ".join(said) or "no message"
    if isinstance(error, str):
        return str(body.get("error_description") or error).rstrip(".")
    text = response.body.decode(errors="replace").strip()
    return text[:MAX_MESSAGE].rstrip(".") or "an empty body"


def retry_after(response: Response) -> int | None:
    """Seconds of the header `Retry-After`, at least 1; ``None`` where it is missing or no time."""
    value = response.headers.get("retry-after", "").strip()
    if said := SECONDS.fullmatch(value):
        # Rounded up, so that nothing is asked too early. No more digits than a wait can have.
        whole = said["whole"].lstrip("0") or "0"
        is_absurd = len(whole) > len(str(MAX_BLOCK_SECONDS))
        seconds = MAX_BLOCK_SECONDS if is_absurd else int(whole)
        seconds += bool((said["fraction"] or "").strip("0"))
        return min(max(seconds, 1), MAX_BLOCK_SECONDS)
    at = _http_date(value)
    if at is None:
        return None
    # Both times by the API's clock, where it says what that is: the machine's can be wrong.
    now = _http_date(response.headers.get("date", "")) or response.received_at
    seconds = math.ceil((at - now).total_seconds())
    return min(max(seconds, 1), MAX_BLOCK_SECONDS)


def _http_date(text: str) -> dt.datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


class NoClientId(SpotifyError):
    """A user cannot sign in: no app is configured, and no sandbox."""

    def __init__(self, redirect_uri: str) -> None:
        super().__init__(
            "No client id. Put SPOTIFY_CLIENT_ID into .env (create an app on "
            f"https://developer.spotify.com/dashboard with the redirect URI {redirect_uri}), or go "
            "on without an account: run `spotify-assets sandbox` in another terminal and set "
            "SPOTIFY_SANDBOX_URL=http://127.0.0.1:8765."
        )


class NotSignedIn(SpotifyError):
    """There is no token of a user, or it has died: only a new sign-in helps."""


class SignInFailed(SpotifyError):
    """The user or the browser did not bring a sign-in to its end; nothing was stored."""


class TokenStoreError(SpotifyError):
    """The stored token cannot be read, written or trusted."""
