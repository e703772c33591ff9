"""Signing in and out, taking an invitation, and what keeps everybody else out.

A session is a cookie that no script can read and no other site can send along. Every request below
`Guarded` shows it, a WebSocket's too.

Belongs here: requests of people who are not known yet. Does not belong here: accounts themselves
(``accounts``), and the API, whose token is another (``comments_api``).
"""

import base64
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotify_assets.pages.accounts import AccountError, Accounts

if TYPE_CHECKING:
    from limits.strategies import RateLimiter

COOKIE = "spotify_assets_session"
SIGN_IN, SIGN_OUT, INVITATION = "/sign-in", "/sign-out", "/invitation"
MAX_FORM = 8_192
"""Bytes of a form."""
OF_A_NAME, OF_AN_ADDRESS, OF_ALL = "10 per 15 minutes", "30 per 15 minutes", "300 per 15 minutes"
"""Attempts to sign in: for a name from an address, from an address, from everywhere."""
STYLE = resources.files(__package__).joinpath("sign_in.css").read_text(encoding="utf-8")
PAGE = resources.files(__package__).joinpath("sign_in.html").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
FORM_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Streamlit sets styles by script, and compiles nothing: charts are drawn by an interpreter.
PAGES_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; "
    "manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
)
"""Nothing is asked of another server, whatever stands in a page."""
REFERRER = "same-origin"
"""Where nothing is said to our own server, a form of ours has no origin either."""
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Sign in",
        "invited": "You are invited",
        "name": "Name",
        "password": "Password",  # pragma: allowlist secret
        "submit": "Sign in",
        "join": "Make my account",
        "wrong": "Name and password are of no account.",
        "often": "Too many attempts. Try again in a quarter of an hour.",
        "over": "The invitation was used, or it is over: ask for another one.",
        "none": "There is no account yet. Whoever runs the server makes one: "
        "spotify-assets accounts add NAME",
    },
    "pt": {
        "title": "Entrar",
        "invited": "Você foi convidado",
        "name": "Nome",
        "password": "Senha",  # pragma: allowlist secret
        "submit": "Entrar",
        "join": "Criar minha conta",
        "wrong": "Nome e senha não são de nenhuma conta.",
        "often": "Tentativas demais. Tente de novo em quinze minutos.",
        "over": "O convite já foi usado ou venceu: peça outro.",
        "none": "Ainda não há nenhuma conta. Quem cuida do servidor cria uma: "
        "spotify-assets accounts add NOME",
    },
}


@dataclass
class SignIn:
    """The pages by which somebody becomes known."""

    accounts: Accounts
    _limiter: "RateLimiter" = field(init=False)

    def __post_init__(self) -> None:
        from limits.storage import MemoryStorage  # noqa: PLC0415 - of an extra
        from limits.strategies import MovingWindowRateLimiter  # noqa: PLC0415 - as above

        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def routes(self) -> list[BaseRoute]:
        """What answers without a session."""
        return [
            Route(SIGN_IN, self._show),
            Route(SIGN_IN, self._sign_in, methods=["POST"]),
            Route(SIGN_OUT, self._sign_out, methods=["POST"]),
            Route(INVITATION + "/{token}", self._show_invitation),
            Route(INVITATION + "/{token}", self._accept, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        found = await run_in_threadpool(self.accounts.of_session, request.cookies.get(COOKIE))
        if found:
            return RedirectResponse(_next(request), 303)
        is_none = await run_in_threadpool(self.accounts.__len__) == 0
        return _form(request, "title", "submit", "none" if is_none else "")

    async def _sign_in(self, request: Request) -> Response:
        said = await _said(request)
        if not self._may_try(request, said["name"]):
            return _form(request, "title", "submit", "often", 429)
        token = await run_in_threadpool(self.accounts.sign_in, said["name"], said["password"])
        if token is None:
            return _form(request, "title", "submit", "wrong", 401)
        return _signed_in(request, token, _next(request))

    async def _sign_out(self, request: Request) -> Response:
        _refuse_other_sites(request)
        await run_in_threadpool(self.accounts.sign_out, request.cookies.get(COOKIE, ""))
        response = RedirectResponse(SIGN_IN, 303)
        response.delete_cookie(COOKIE)
        return response

    async def _show_invitation(self, request: Request) -> Response:
        token = request.path_params["token"]
        if not await run_in_threadpool(self.accounts.is_invited, token):
            return _form(request, "invited", "", "over", 404)
        return _form(request, "invited", "join")

    async def _accept(self, request: Request) -> Response:
        said, token = await _said(request), request.path_params["token"]
        if not self._may_try(request, f"invitation {token}"):
            return _form(request, "invited", "join", "often", 429)
        if not await run_in_threadpool(self.accounts.is_invited, token):
            return _form(request, "invited", "", "over", 404)
        name, password = said["name"], said["password"]
        try:
            await run_in_threadpool(self.accounts.accept, token, name, password)
        except AccountError as error:
            return _form(request, "invited", "join", "", 400, str(error))
        session = await run_in_threadpool(self.accounts.sign_in, name, password)
        return _signed_in(request, session or "", "/")

    def _may_try(self, request: Request, name: str) -> bool:
        """Whether another attempt may be made; it is counted."""
        from limits import parse  # noqa: PLC0415 - of an extra

        address = request.client.host if request.client else ""
        return bool(
            self._limiter.hit(parse(OF_A_NAME), name.casefold(), address)
            and self._limiter.hit(parse(OF_AN_ADDRESS), address)
            and self._limiter.hit(parse(OF_ALL))
        )


class Guarded:
    """Lets through to an application who has a session, and nobody else."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app, self._accounts = app, accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for the application where there is no session."""
        asked = HTTPConnection(scope)
        token = asked.cookies.get(COOKIE)
        account = await run_in_threadpool(self._accounts.of_session, token)
        if scope["type"] == "websocket":
            # Cookies go with a WebSocket that another site opens, too.
            if account is None or not _is_same_site(asked, required=True):
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        if account is None:
            await _stranger(Request(scope))(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", PAGES_POLICY.encode()),
                    (b"referrer-policy", REFERRER.encode()),
                ]
            await send(message)

        await self._app(scope, receive, with_policy)


def _stranger(request: Request) -> Response:
    """To the sign-in, whoever wants to see a page."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        there = f"{request.url.path}?{request.url.query}".rstrip("?")
        return RedirectResponse(f"{SIGN_IN}?next={quote(there, safe='')}", 303)
    return Response("Sign in first.\n", 401, media_type="text/plain")


def _signed_in(request: Request, token: str, there: str) -> Response:
    response = RedirectResponse(there, 303)
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
    return response


def _next(request: Request) -> str:
    """Where to go then: a page of this server, whatever the address says."""
    said = request.query_params.get("next", "/")
    parts = urlsplit(said.replace("\\", "/"))
    is_ours = said.startswith("/") and not said.startswith("//") and not parts.netloc
    return said if is_ours and said.isprintable() else "/"


def _refuse_other_sites(request: Request) -> None:
    if not _is_same_site(request):
        raise HTTPException(403, "That form was on another site.")


def _is_same_site(asked: HTTPConnection, *, required: bool = False) -> bool:
    origin = asked.headers.get("origin")
    if origin is None:
        # Browsers always say it where it matters; other programs have no cookies to lose.
        return not required or "sec-fetch-site" not in asked.headers
    return urlsplit(origin).netloc == asked.headers.get("host")


async def _said(request: Request) -> dict[str, str]:
    """Name and password of a form."""
    _refuse_other_sites(request)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise HTTPException(413, "That is no name and password.")
    try:
        said = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=8)
    except ValueError as error:
        raise HTTPException(400, "That is no form.") from error
    return {name: said.get(name, [""])[0] for name in ("name", "password")}


def language_of(request: HTTPConnection) -> str:
    """The language that a browser asks for, of those that there are."""
    wanted = request.headers.get("accept-language", "").lower()
    return "pt" if wanted.startswith("pt") else "en"


def _form(
    request: Request, title: str, submit: str, problem: str = "", status: int = 200, said: str = ""
) -> Response:
    language = language_of(request)
    words = WORDS[language]
    page = PAGE.format(
        language="pt-BR" if language == "pt" else language,
        style=STYLE,
        title=words[title],
        problem=html.escape(said or words.get(problem, "")),
        name=words["name"],
        password=words["password"],
        submit=words.get(submit, ""),
        hidden="" if submit else "hidden",
        complete="new-password" if submit == "join" else "current-password",
    )
    headers = {"content-security-policy": FORM_POLICY, "referrer-policy": REFERRER}
    return HTMLResponse(page, status, headers)
