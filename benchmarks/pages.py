"""Bench ``pages``: what somebody waits for who looks, in a chromium of this machine.

`spotify-assets serve` runs as a process of its own, on a file with a million plays over twenty
years, 36,500 genre-days and 100,000 comments. Measured are the first view of each page (a browser
that has nothing of it), a filter that nobody has asked for before, twenty visitors at once, and
the errors that eight open pages show while a hundred files take the place of each other.
"""

import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from benchmarks.answers import listened
from benchmarks.comments import Server
from benchmarks.measuring import BenchmarkError
from benchmarks.reporting import caption, gib, say, table, verdict
from benchmarks.scale import Scale
from spotify_assets.pages.accounts import Accounts, Role
from spotify_assets.pages.sign_in import COOKIE
from spotify_assets.warehouse.publication.replacing import replacing

SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
PASSWORD = "made up for the bench"  # noqa: S105 # pragma: allowlist secret
TURNS = 10
GENRE_DAYS, COMMENTS = 36_500, 100_000
VISITORS, QUESTIONS = 20, 3
OPEN, PUBLICATIONS = 8, 100
SHARE = 50
"""A smoke makes and does so much less."""
VIEW_S, FILTER_S, VISITORS_S, MEMORY_GIB = 1.5, 0.5, 3, 1.5
PATIENCE_MS = 60_000
PATHS = ("/", "/genres", "/releases", "/comments", "/comments?view=work", "/operations")
YEARS = range(2010, 2010 + TURNS)
FILTERS: dict[str, tuple[str, str, list[str]]] = {
    "/": ("Listening: period", "Period", [str(year) for year in YEARS]),
    "/?view=year": ("Listening: year", "Year", [str(year) for year in YEARS]),
    "/genres": ("Genres: day", "Day", [f"2025-12-{day}" for day in range(30, 30 - TURNS, -1)]),
    "/comments": ("Comments: topic", "Topic", [f"topic {number}" for number in range(TURNS)]),
}
"""By the address: what is changed, the name of its choice, and what is chosen in turn."""
IS_WHOLE = """() =>
    document.querySelector('h1') !== null
    && document.querySelector('[data-test-script-state=notRunning]') !== null
    && document.querySelector('[data-testid=stSkeleton]') === null
    && document.querySelector('[data-testid=stApp]').innerText.length > 150
    && document.querySelector('[data-stale=true]') === null"""
REFUSALS = ("There is no warehouse yet", "lacks tables of this page", "cannot be opened now")


def bench(scale: Scale, folder: Path) -> list[Table]:
    """The pages of one server, one after the other.

    Raises:
        BenchmarkError: There is no chromium, or an extra is not installed.
    """
    data = folder / "data"
    share, turns = (SHARE, 1) if scale.is_smoke else (1, TURNS)
    _make(data, scale.tracks, GENRE_DAYS // share, COMMENTS // share)
    accounts = Accounts(data / "accounts.sqlite")
    accounts.add("ana", PASSWORD, Role.curator)
    server = Server({"SPOTIFY_ASSETS_DATA_DIR": str(data)})
    server.start()
    shown = table(
        f"Pages: {scale.tracks:,} plays, {GENRE_DAYS // share:,} genre-days, "
        f"{COMMENTS // share:,} comments (medians of {turns})",
        "",
        *("median s", "least", "most"),
    )
    said = []

    def tell(what: str, taken: list[float], target: float) -> None:
        median = statistics.median(taken)
        shown.add_row(what, *(f"{number:.2f}" for number in (median, min(taken), max(taken))))
        said.append(verdict(what, f"{median:.2f} s", f"< {target} s", is_met=median < target))

    try:
        token = accounts.sign_in("ana", PASSWORD) or ""
        with _browser() as browser:
            _opened(browser, server, token).goto(server.url)
            for path in PATHS:
                say(f"first views of {path}")
                tell(f"first view of {path}", _views(browser, server, token, path, turns), VIEW_S)
            for path, (what, label, options) in FILTERS.items():
                say(f"filters: {what}")
                taken = _filtered(browser, server, token, path, label, options[:turns])
                tell(f"changed filter, {what}", taken, FILTER_S)
            say("visitors at once")
            waited = sorted(_visited(server, token))
            p95 = waited[int(len(waited) * 0.95) - 1]
            shown.add_row(
                f"{VISITORS} visitors at once", "", f"{waited[0]:.2f}", f"{waited[-1]:.2f}"
            )
            what = f"{VISITORS} visitors at once, 95 % of {len(waited)} answers within"
            said.append(verdict(what, f"{p95:.2f} s", f"< {VISITORS_S} s", is_met=p95 < VISITORS_S))
            say("publications under open pages")
            times = PUBLICATIONS // share
            database = data / "spotify.duckdb"
            looked, errors = _published_under(browser, server, token, database, times)
            what = f"errors of {OPEN} open pages in {times} publications ({looked} looks)"
            said.append(verdict(what, str(errors), "0", is_met=not errors))
        peak = server.peak_bytes()
        said.append(
            verdict(
                "the server's peak",
                gib(peak),
                f"< {MEMORY_GIB} GiB",
                is_met=peak < MEMORY_GIB * (1 << 30),
            )
        )
    finally:
        server.kill()
    return [caption(shown, said)]


def _make(data: Path, plays: int, genre_days: int, comments: int) -> None:
    """A data folder whose published file has so much."""
    data.mkdir(parents=True)
    with listened(plays, data / "spotify.duckdb"):
        pass
    say(f"making {genre_days:,} genre-days and {comments:,} comments")
    with duckdb.connect(data / "spotify.duckdb") as connection:
        connection.execute("SET VARIABLE genre_days = ?", [genre_days])
        connection.execute("SET VARIABLE comments = ?", [comments])
        connection.execute(SQL)


@contextmanager
def _browser() -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise BenchmarkError("There is no chromium in PATH.")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as error:
        raise BenchmarkError("It needs `make .venv/.installed-browser-tests`.") from error
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _opened(browser: Any, server: Server, token: str) -> Any:
    """An empty page of a browser that has seen nothing yet, of somebody who is signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en")
    context.add_cookies([{"name": COOKIE, "value": token, "url": server.url}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def _views(browser: Any, server: Server, token: str, path: str, turns: int) -> list[float]:
    """Seconds from the address to the whole page, in a new browser context each."""
    taken = []
    for _ in range(turns):
        page = _opened(browser, server, token)
        begun = time.perf_counter()
        page.goto(server.url + path)
        page.wait_for_function(IS_WHOLE)
        taken.append(time.perf_counter() - begun)
        page.context.close()
    return taken


def _filtered(
    browser: Any, server: Server, token: str, path: str, label: str, options: list[str]
) -> list[float]:
    """Seconds from each choice to the whole page; the address tells that the choice arrived."""
    page = _opened(browser, server, token)
    page.goto(server.url + path)
    page.wait_for_function(IS_WHOLE)
    taken = []
    for option in options:
        field = page.get_by_role("combobox", name=label, exact=True)
        field.click()
        field.fill(option)
        found = page.get_by_role("option", name=option, exact=True)
        found.wait_for()
        begun = time.perf_counter()
        found.click()
        page.wait_for_url(lambda url, o=option: o in url.replace("+", " ").replace("%20", " "))
        page.wait_for_function(IS_WHOLE)
        taken.append(time.perf_counter() - begun)
    page.context.close()
    return taken


def _visited(server: Server, token: str) -> list[float]:
    """Seconds of each answer that many visitors at once wait for: a page, then other periods."""
    from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: PLC0415 - of an extra
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: PLC0415 - as above
    from websockets.sync.client import connect  # noqa: PLC0415 - as above
    from websockets.typing import Subprotocol  # noqa: PLC0415 - as above

    ready = threading.Barrier(VISITORS)
    pages = ("", "genres", "comments", "operations")

    def visit(number: int) -> list[float]:
        taken = []
        address = f"{server.url.replace('http', 'ws')}/_stcore/stream"
        headers = {"Cookie": f"{COOKIE}={token}", "Origin": server.url}
        ready.wait(PATIENCE_MS / 1000)
        with connect(
            address,
            additional_headers=headers,
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
        ) as stream:
            for turn in range(QUESTIONS):
                begun = time.perf_counter()
                asked = BackMsg()
                asked.rerun_script.page_name = pages[(number + turn) % len(pages)]
                asked.rerun_script.query_string = f"period={2006 + (number + turn) % 20}"
                stream.send(asked.SerializeToString())
                while True:
                    answer = ForwardMsg()
                    answer.ParseFromString(stream.recv(PATIENCE_MS / 1000))
                    if answer.WhichOneof("type") == "script_finished":
                        break
                taken.append(time.perf_counter() - begun)
        return taken

    with ThreadPoolExecutor(VISITORS) as pool:
        return [one for taken in pool.map(visit, range(VISITORS)) for one in taken]


def _published_under(
    browser: Any, server: Server, token: str, database: Path, times: int
) -> tuple[int, int]:
    """How often the open pages were looked at meanwhile, and how many errors they showed."""
    pages = [_opened(browser, server, token) for _ in range(OPEN)]
    thrown: list[str] = []
    for number, page in enumerate(pages):
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(server.url + PATHS[number % len(PATHS)])
        page.wait_for_function(IS_WHOLE)

    def publish() -> None:
        for number in range(times):
            with replacing(database, compact=False) as connection:
                connection.execute(f"COMMENT ON TABLE star.dim_genre IS 'publication {number:d}'")

    looked = errors = 0
    with ThreadPoolExecutor(1) as pool:
        published = pool.submit(publish)
        while not published.done():
            page = pages[looked % OPEN]
            page.reload()
            page.wait_for_function(IS_WHOLE)
            shown = page.locator("[data-testid=stApp]").inner_text()
            excepted = page.locator("[data-testid=stException]").count()
            if excepted or any(text in shown for text in REFUSALS):
                errors += 1
                say(f"{page.url} shows: {shown}")
            looked += 1
        published.result()
    for page in pages:
        page.context.close()
    for error in thrown:
        say(f"the browser threw: {error}")
    return looked, errors + len(thrown)
