"""The user who signs in: one, and invented.

What does not belong here: whether the user may be asked for (``api``).
"""

from typing import Any

from spotify_assets.sandbox.modes import Mode

USER_ID = "sandbox-listener"
ACCOUNT_ID = "0sandboxlistener00000account"
_NEEDS_SCOPE = {
    "country": "user-read-private",
    "explicit_content": "user-read-private",
    "product": "user-read-private",
    "email": "user-read-email",
}


def profile(url: str, mode: Mode, scopes: frozenset[str]) -> dict[str, Any]:
    """Return the user's own profile.

    Args:
        url: The root of the API.
        mode: It hides some keys.
        scopes: What the user agreed to; other keys are absent.
    """
    user = {
        "account_id": ACCOUNT_ID,
        "country": "BR",
        "display_name": "Sandbox Listener",
        "email": "listener@example.com",
        "explicit_content": {"filter_enabled": False, "filter_locked": False},
        "external_urls": {"spotify": f"https://open.spotify.com/user/{USER_ID}"},
        "followers": {"href": None, "total": 3},
        "href": f"{url}/users/{USER_ID}",
        "id": USER_ID,
        "images": [],
        "product": "premium",
        "type": "user",
        "uri": f"spotify:user:{USER_ID}",
    }
    return {
        key: value
        for key, value in user.items()
        if key not in mode.hidden["user"] and _NEEDS_SCOPE.get(key) in (None, *scopes)
    }
