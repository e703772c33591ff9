"""One server with pages for all tests: Streamlit starts once in a process."""

from collections.abc import Iterator

import pytest

from spotify_assets.lake import Lake
from spotify_assets.pages.accounts import Accounts, Role
from spotify_assets.pages.application import create_app
from spotify_assets.pages.comments_api import CommentsApi
from spotify_assets.pages.dashboard.serving import Deployment, mount
from spotify_assets.pages.report.serving import routes as public
from spotify_assets.sandbox import server
from spotify_assets_tests.pages.site import PASSWORD, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    lake, database = Lake(folder / "lake"), folder / "spotify.duckdb"
    accounts = Accounts(folder / "accounts.sqlite")
    accounts.add("ana", PASSWORD, Role.curator)
    pages, lifespan = mount(Deployment(database, lake, accounts, "http://127.0.0.1:3000"))
    routes = [*public(folder / "public"), *pages]
    application = create_app(CommentsApi(lake, database, "t", "k"), routes, lifespan)
    with server.running(application) as running:
        yield Site(running.url, accounts, lake, database)
