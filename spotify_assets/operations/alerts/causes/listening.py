"""The listening history: the sign-in that it needs."""

import datetime as dt

from spotify_assets.operations.alerts.causes.wording import key_of
from spotify_assets.operations.alerts.incidents import Incident, minute

LAST_DAYS = 7
"""So many days before its end, a sign-in that nobody renewed is an error."""


def token_ends(ends: dt.datetime, days: int, since: dt.datetime) -> Incident:
    """The user's sign-in ends soon, or has ended.

    Args:
        ends: Six months after the sign-in; using it does not prolong it.
        days: The limit that was passed: it ends within so many days. 0: it has ended.
        since: When that limit was passed.
    """
    when = f"ends within {days} days" if days else "has ended"
    return Incident(
        key_of("token", str(days)),
        "token_ends",
        f"The sign-in to Spotify {when}",
        f"The sign-in to Spotify holds until {minute(ends)}. After that no plays are "
        "collected, and only about the last 50 can be fetched later. Sign in again:\n"
        "  spotify-assets login",
        "warning" if days > LAST_DAYS else "error",
        since,
    )
