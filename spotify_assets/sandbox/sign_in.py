"""Sign-in of a user: ``/authorize``, where an app sends the browser, and the page that it shows.

What does not belong here: what the code is good for (``accounts``).
"""

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from spotify_assets.sandbox import CLIENT_ID
from spotify_assets.sandbox.state import State

APP_NAME = "spotify-assets"
# `localhost` is refused, as it is by Spotify.
_REDIRECT_URI = re.compile(r"http://127\.0\.0\.1:\d{1,5}(?:/[!-\"$-~]*)?")
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} · sandbox</title>
<style>
body {{ font: 17px/1.5 system-ui, sans-serif; background: #f4f1ea; color: #222;
  max-width: 30rem; margin: 12vh auto; padding: 0 1rem }}
h1 {{ font-size: 1.4rem }}
button {{ font: inherit; padding: .5rem 1.2rem; margin-right: .7rem; border: 1px solid #33547a;
  border-radius: 4px; background: #fff; color: #33547a; cursor: pointer }}
button[value=agree] {{ background: #33547a; color: #fff }}
small {{ color: #666 }}
</style></head>
<body><h1>{title}</h1>
{body}
<p><small>This is the sandbox on your own machine. No account is involved.</small></p>
</body></html>
"""


def routes(state: State) -> list[Route]:
    """Return the routes of the sign-in."""

    async def authorize(request: Request) -> Response:
        params = request.query_params
        if (refusal := _refusal(params)) is not None:
            return HTMLResponse(_page(refusal), status_code=400)
        answer = await _answer(request) or _answer_at_once(state, params)
        if answer is None:
            return HTMLResponse(_consent(params))
        return RedirectResponse(_back(state, params, agreed=answer == "agree"), status_code=303)

    return [Route("/authorize", authorize, methods=["GET", "POST"])]


def _refusal(params: Mapping[str, str]) -> str | None:
    """Return what is wrong with a request, where the browser cannot be sent back."""
    if params.get("client_id") != CLIENT_ID:
        return "INVALID_CLIENT: Invalid client"
    if not _REDIRECT_URI.fullmatch(params.get("redirect_uri", "")):
        return "INVALID_CLIENT: Invalid redirect URI"
    if params.get("response_type") != "code":
        return "response_type must be code"
    if "code_challenge" in params and params.get("code_challenge_method") != "S256":
        return "code_challenge_method must be S256"
    return None


async def _answer(request: Request) -> str | None:
    """Return the button that was pressed."""
    if request.method != "POST":
        return None
    form = (await request.body()).decode(errors="replace")
    return dict(parse_qsl(form)).get("answer")


def _answer_at_once(state: State, params: Mapping[str, str]) -> str | None:
    if state.behaviour.sign_in != "ask":
        return state.behaviour.sign_in
    return "agree" if params.get("auto") == "1" else None


def _back(state: State, params: Mapping[str, str], *, agreed: bool) -> str:
    """Return the address that the browser is sent back to."""
    uri = params["redirect_uri"]
    if agreed:
        code = state.accounts.code(
            scope=" ".join(dict.fromkeys(params.get("scope", "").split())),
            redirect_uri=uri,
            challenge=params.get("code_challenge"),
        )
        said = {"code": code}
    else:
        said = {"error": "access_denied"}
    if "state" in params:
        said["state"] = params["state"]
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(said)}"


def _consent(params: Mapping[str, str]) -> str:
    scopes = params.get("scope", "").split()
    wanted = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    return _page(
        f"{APP_NAME} asks to sign in",
        f"<p>It wants to use:</p><ul>{wanted or '<li>your public profile</li>'}</ul>"
        '<form method="post"><button name="answer" value="agree">Agree</button>'
        '<button name="answer" value="cancel">Cancel</button></form>',
    )


def _page(title: str, body: str = "") -> str:
    return _PAGE.format(title=escape(title), body=body)
