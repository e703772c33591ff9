"""The pages in a real browser: every page, both languages, a phone; what a curator does there."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

pytest.importorskip("streamlit", reason="needs the extra `pages`")
pytest.importorskip("playwright", reason="needs the extra `browser-tests`")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from spotify_assets.lake.comment_decisions import decision_files, decisions
from spotify_assets.operations.curation import Curator, Wanted, work_list
from spotify_assets.pages.accounts import Role
from spotify_assets.pages.report.parts import PARTS, ReportPlace
from spotify_assets.pages.report.placing import write
from spotify_assets.pages.sign_in import COOKIE
from spotify_assets_tests.commented import label_and_publish, receive
from spotify_assets_tests.hostile import MARKDOWN
from spotify_assets_tests.pages.site import PASSWORD, Site

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a chromium in PATH"),
]
PAGES = {
    "/": ("Listening", "Escuta"),
    "/genres": ("Genres", "Gêneros"),
    "/releases": ("Releases", "Lançamentos"),
    "/comments": ("Comments", "Comentários"),
    "/comments?view=work": ("Comments", "Comentários"),
    "/comments?view=quality": ("Comments", "Comentários"),
    "/operations": ("Operations", "Operação"),
}
SIZES = ((1280, 900), (390, 844))
TEXTS = [f"{text} ?" for text in MARKDOWN]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def published(site: Site) -> Site:
    receive(site.lake, *({"text": text, "source": "<i>web</i>"} for text in TEXTS))
    label_and_publish(site.lake, site.database)
    return site


def opened(browser: Browser, site: Site, name: str = "ana", **more: Any) -> Page:
    """A page of somebody who is signed in; it notes what it asks for."""
    context = browser.new_context(**more)
    token = site.accounts.sign_in(name, PASSWORD)
    context.add_cookies([{"name": COOKIE, "value": token or "", "url": site.url}])
    page = context.new_page()
    page.on("request", lambda asked: asked_for.append(asked.url))
    asked_for.clear()
    return page


asked_for: list[str] = []
"""What the browser asked for since a page was opened."""


def _is_ours(url: str, site: Site) -> bool:
    return url.startswith((site.url, site.url.replace("http", "ws"), "data:", "blob:"))


def go(page: Page, url: str, title: str) -> None:
    """Open a page and wait until it is there as a whole."""
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text(title, timeout=30_000)
    page.wait_for_selector("[data-test-script-state=notRunning]", state="attached", timeout=30_000)
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=60_000)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


def test_a_missing_warehouse_is_a_sentence(browser: Browser, site: Site) -> None:
    if site.database.exists():
        pytest.skip("another test has published before")
    page = opened(browser, site)
    go(page, site.url, "Listening")
    expect(page.get_by_text("There is no warehouse yet")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_page_is_there_in_both_languages_and_asks_no_other_server(
    browser: Browser, published: Site, path: str, language: str, size: tuple[int, int]
) -> None:
    page = opened(browser, published, viewport={"width": size[0], "height": size[1]})
    address = f"{path}{'&' if '?' in path else '?'}lang={language}"
    go(page, published.url + address, PAGES[path][language == "pt"])
    assert asked_for
    assert [url for url in asked_for if not _is_ours(url, published)] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_one_key_decides_and_it_is_on_the_disk_before_the_page_says_so(
    browser: Browser, published: Site
) -> None:
    page = opened(browser, published)
    go(page, f"{published.url}/comments?view=work", "Comments")
    first = work_list(published.database, published.lake, Wanted())[0]
    expect(page.locator(".st-key-comment")).to_have_text(first.text)
    page.keyboard.press("4")
    expect(page.get_by_text("Kept: question.")).to_be_visible(timeout=15_000)
    kept = [one for one in decisions(decision_files(published.lake)) if one["curator"] == "ana"]
    assert [(one["comment_id"], one["category"]) for one in kept] == [
        (first.comment_id, "question")
    ]
    expect(page.locator(".st-key-comment")).not_to_have_text(first.text)


def test_two_curators_who_differ_are_told(browser: Browser, published: Site) -> None:
    page = opened(browser, published)
    go(page, f"{published.url}/comments?view=work", "Comments")
    first = work_list(published.database, published.lake, Wanted())[0]
    expect(page.locator(".st-key-comment")).to_have_text(first.text)
    Curator("b_i_a", published.lake).decide(first, "spam")
    page.keyboard.press("1")
    expect(page.get_by_text("b_i_a decided spam meanwhile")).to_be_visible(timeout=15_000)


def test_a_reader_looks_and_does_not_decide(browser: Browser, published: Site) -> None:
    published.accounts.add("leo", PASSWORD, Role.reader)
    page = opened(browser, published, "leo")
    go(page, f"{published.url}/comments?view=work", "Comments")
    expect(page.get_by_text("Curators decide")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("praise"))).to_have_count(0)


def test_a_comment_is_text_whatever_stands_in_it(browser: Browser, published: Site) -> None:
    page = opened(browser, published)
    page.on("dialog", lambda _: pytest.fail("a script of a comment ran"))
    go(page, f"{published.url}/comments?view=work", "Comments")
    for _ in work_list(published.database, published.lake, Wanted()):
        shown = page.locator(".st-key-comment")
        if not shown.count():
            break
        said = shown.inner_text()
        assert said in TEXTS
        assert shown.locator("b, i, img, a, script, strong, em, code, h1").count() == 0
        page.keyboard.press("n")
        page.wait_for_timeout(300)


def test_what_is_shown_is_exported(browser: Browser, published: Site) -> None:
    page = opened(browser, published)
    go(page, f"{published.url}/comments", "Comments")
    for button, read in (
        ("CSV", pl.read_csv),
        ("JSON", pl.read_json),
        ("Parquet", pl.read_parquet),
    ):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button, exact=True).click()
        assert set(read(waiting.value.path())["text"]) == set(TEXTS), button


def test_filters_live_in_the_address(browser: Browser, published: Site) -> None:
    page = opened(browser, published)
    go(page, f"{published.url}/comments?category=unsure", "Comments")
    choice = page.get_by_role("combobox", name="Category")
    expect(choice).to_have_value("unsure")
    choice.click()
    page.get_by_role("option", name="praise").click()
    page.wait_for_url("**/comments?category=praise")


def test_the_work_list_is_of_the_period_and_release_in_the_address(
    browser: Browser, published: Site
) -> None:
    page = opened(browser, published)
    left = len(work_list(published.database, published.lake, Wanted()))
    go(page, f"{published.url}/comments?view=work&period=28d", "Comments")
    expect(page.get_by_text(f"{left} comments wait.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Period")).to_have_value("Last 28 days")
    expect(page.get_by_role("combobox", name="Release")).to_have_value("All")


@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_public_report_asks_nobody_and_fits(
    browser: Browser, published: Site, size: tuple[int, int], language: str
) -> None:
    write(ReportPlace(published.database.parent / "public"), published.database, PARTS)
    page = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=language
    ).new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.on("console", lambda said: asked.append(said.text))
    page.goto(f"{published.url}/public/")
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text({"en": "Report", "pt": "Relatório"}[language])
    for closed in page.locator("summary").all():
        closed.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert asked == [f"{published.url}/public/"]
    # A policy that lets nothing run holds for a checker too.
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in grave] == []


def test_who_signs_out_is_out_and_the_page_that_is_open_too(
    browser: Browser, published: Site
) -> None:
    page = opened(browser, published)
    go(page, f"{published.url}/comments", "Comments")
    other = page.context.new_page()
    go(other, f"{published.url}/comments", "Comments")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    other.get_by_text("Work list").click()
    expect(other.get_by_text("Your session has ended.")).to_be_visible(timeout=15_000)
    expect(other.locator("[data-testid=stDataFrame]")).to_have_count(0)


@pytest.mark.parametrize("path", [*PAGES, "/sign-in"])
def test_nothing_serious_keeps_people_out(browser: Browser, published: Site, path: str) -> None:
    """By axe: what is serious or critical."""
    page = opened(browser, published)
    if path == "/sign-in":
        page.context.clear_cookies()
        page.goto(published.url + path)
    else:
        go(page, published.url + path, PAGES[path][0])
        # What appears fades in.
        page.wait_for_timeout(2_000)
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in grave] == []
