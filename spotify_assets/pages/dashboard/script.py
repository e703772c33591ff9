"""What Streamlit runs for each visitor: who it is, which page, in which language.

Belongs here: the frame around the pages. Does not belong here: what is on a page.
"""

import datetime as dt
from collections.abc import Callable
from types import ModuleType

import streamlit as st

from spotify_assets.pages import reading
from spotify_assets.pages.accounts import Account
from spotify_assets.pages.dashboard import (
    comments,
    genres,
    listening,
    operations,
    releases,
)
from spotify_assets.pages.dashboard.serving import deployment
from spotify_assets.pages.dashboard.visit import Visit, choose
from spotify_assets.pages.reading import NotReadable, Reason
from spotify_assets.pages.sign_in import COOKIE, SIGN_IN, SIGN_OUT
from spotify_assets.pages.words import LANGUAGES, Say

PAGES: dict[str, ModuleType] = {
    "listening": listening,
    "genres": genres,
    "releases": releases,
    "comments": comments,
    "operations": operations,
}
ICONS = {
    "listening": ":material/headphones:",
    "genres": ":material/library_music:",
    "releases": ":material/album:",
    "comments": ":material/forum:",
    "operations": ":material/monitor_heart:",
}
REFRESH = {"30": 30, "60": 60, "300": 300, "off": None}
"""Seconds after which a page shows what is published then."""
# The menu of a table would write cells that a spreadsheet takes for formulas.
STYLE = """<style>
[data-testid="stElementToolbar"] { display: none }
.block-container { padding-top: 5rem }
@media (max-width: 640px) { [data-testid="stColumn"] { min-width: calc(50% - 1rem) } }
[data-testid="stMetricLabel"] *, [data-testid="stMetricDelta"] * {
  white-space: normal !important; overflow: visible !important }
[data-testid="stCaptionContainer"] { color: inherit; opacity: .85 }
.st-key-comment { font-size: 1.3rem }
.sign-out button { font: inherit; padding: .3rem .8rem; cursor: pointer }
</style>"""


def main() -> None:
    """Show the page that the address names."""
    say = Say(_language())
    st.set_page_config(page_title="spotify-assets", page_icon="🎧", layout="wide")
    st.html(STYLE)
    pages = [
        st.Page(
            _shown(name, say),
            title=say.title(name),
            icon=ICONS[name],
            url_path=name,
            default=name == "listening",
        )
        for name in PAGES
    ]
    st.navigation(pages, position="top").run()


def _language() -> str:
    """The one chosen last, else that of the address, else the browser's."""
    said = st.session_state.get("lang") or st.query_params.get("lang", _own_language())
    return said if said in LANGUAGES else _own_language()


def _own_language() -> str:
    """That of the browser, where there are pages of it."""
    own = (st.context.locale or "en")[:2].lower()
    return own if own in LANGUAGES else "en"


def _shown(name: str, say: Say) -> Callable[[], None]:
    def show() -> None:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.title(say.title(name), width="content")
            with st.popover(say("Settings"), icon=":material/tune:"):
                every = _settings(say)
        st.fragment(lambda: _body(name, say, every), run_every=every)()

    return show


def _settings(say: Say) -> int | None:
    """Language, refreshing, signing out; returns the seconds between two refreshes."""
    choose(
        "lang", st.selectbox, say("Language"), list(LANGUAGES), _own_language(), stays=True,
        format_func=LANGUAGES.__getitem__,
    )  # fmt: skip
    every = choose(
        "refresh", st.selectbox, say("Refresh"), list(REFRESH), "60", stays=True,
        format_func=say.refresh,
    )  # fmt: skip
    if visitor := _visitor():
        st.text(say("Signed in as {name}", name=visitor.name))
        st.html(
            f'<form class="sign-out" method="post" action="{SIGN_OUT}">'
            f"<button>{say('Sign out')}</button></form>"
        )
    return REFRESH[every]


def _visitor() -> Account | None:
    """Who looks, as long as the session has not ended."""
    return deployment().accounts.of_session(st.context.cookies.get(COOKIE))


def _body(name: str, say: Say, every: int | None) -> None:
    """The page itself: asked again at each refresh, and refused once the session has ended."""
    account = _visitor()
    if account is None:
        st.warning(say("Your session has ended."))
        st.html(f'<a href="{SIGN_IN}" target="_self">{say("Sign in")}</a>')
        return
    database = deployment().database
    try:
        _state(say, reading.published_at(database), every)
        token = st.context.cookies.get(COOKIE, "")
        PAGES[name].show(Visit(account, token, deployment(), say))
    except NotReadable as error:
        _not_readable(say, error)


def _state(say: Say, published: dt.datetime, every: int | None) -> None:
    now = dt.datetime.now(dt.UTC)
    shown = say(
        "The warehouse as published on {published} UTC; looked at {now} UTC.",
        published=f"{published:%Y-%m-%d %H:%M}",
        now=f"{now:%H:%M:%S}",
    )
    refresh = (
        say("It refreshes every {seconds} s.", seconds=every) if every else say("Refresh is off.")
    )
    st.caption(f"{shown} {refresh}")


def _not_readable(say: Say, error: NotReadable) -> None:
    sentences = {
        Reason.missing: say("There is no warehouse yet. It is shown here once it is published."),
        Reason.older: say(
            "The warehouse lacks tables of this page. The next publication adds them."
        ),
        Reason.unreadable: say("The warehouse cannot be opened now. This page tries again."),
    }
    st.info(sentences[error.reason])
    with st.expander(say("For whoever runs the server")):
        st.text(error.details)


main()
