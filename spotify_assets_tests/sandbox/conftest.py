import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from spotify_assets.sandbox import CLIENT_ID, CLIENT_SECRET, DATE_HEADER
from spotify_assets.sandbox.api import create_app
from spotify_assets.sandbox.catalog import Catalog, generate
from spotify_assets.sandbox.clock import Clock
from spotify_assets.sandbox.log import Log
from spotify_assets.sandbox.modes import ModeName
from spotify_assets.sandbox.server import running

TODAY = dt.date(2026, 11, 20)
REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass
class Client:
    url: str
    session: requests.Session

    def get(self, path: str, *, day: str | None = None, **params: object) -> requests.Response:
        headers = {DATE_HEADER: day} if day else {}
        query = {name: str(value) for name, value in params.items()}
        return self.session.get(
            f"{self.url}/v1{path}", params=query, headers=headers, timeout=10, allow_redirects=False
        )

    def json(self, path: str, *, day: str | None = None, **params: object) -> Any:
        response = self.get(path, day=day, **params)
        assert response.status_code == 200, response.text
        return response.json()

    def refusal(self, path: str, *, day: str | None = None, **params: object) -> tuple[int, str]:
        response = self.get(path, day=day, **params)
        error = response.json()["error"]
        assert error["status"] == response.status_code
        return response.status_code, error["message"]

    def found(self, kind: str, query: str, *, day: str | None = None, **params: object) -> Any:
        return self.json("/search", day=day, q=query, type=kind, **params)[f"{kind}s"]


def token(url: str) -> str:
    response = requests.post(
        f"{url}/api/token",
        data={"grant_type": "client_credentials"},
        auth=(CLIENT_ID, CLIENT_SECRET),
        timeout=10,
    )
    text: str = response.json()["access_token"]
    return text


def client_of(catalog: Catalog, mode: ModeName = "extended") -> Iterator[Client]:
    app = create_app(catalog, mode=mode, today=TODAY)
    with running(app) as server, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token(server.url)}"
        yield Client(server.url, session)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return generate(seed=1, tracks=20_000)


@pytest.fixture(scope="session")
def api(catalog: Catalog) -> Iterator[Client]:
    yield from client_of(catalog)


@pytest.fixture(scope="session")
def development_api(catalog: Catalog) -> Iterator[Client]:
    yield from client_of(catalog, "development")


START = 1_763_640_000.0
"""Unix time at which the clock of the faulty sandbox stands still: 2025-11-20, 12:00 UTC."""


@dataclass
class Faulty(Client):
    """A client of a sandbox that can be told to misbehave, and what it says of itself."""

    log: Log

    def set(self, **settings: Any) -> Any:
        response = requests.patch(f"{self.url}/sandbox/state", json=settings, timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    def state(self) -> Any:
        return requests.get(f"{self.url}/sandbox/state", timeout=10).json()

    def advance(self, seconds: float) -> Any:
        body = {"advance_s": seconds}
        return requests.post(f"{self.url}/sandbox/clock", json=body, timeout=10).json()

    def reset(self) -> None:
        assert requests.post(f"{self.url}/sandbox/reset", timeout=10).status_code == 200

    def search(self) -> requests.Response:
        return self.get("/search", q="genre:rock", type="track", limit=5)

    def statuses(self, requests: int) -> list[int]:
        return [self.search().status_code for _ in range(requests)]


@pytest.fixture(scope="session")
def faulty_server(catalog: Catalog) -> Iterator[Faulty]:
    app = create_app(catalog, clock=Clock(machine=lambda: START))
    with running(app) as server, requests.Session() as session:
        yield Faulty(server.url, session, app.state.log)


@pytest.fixture
def faulty(faulty_server: Faulty) -> Faulty:
    """As new, with a token that was got before anything is counted."""
    faulty_server.reset()
    faulty_server.session.headers["Authorization"] = f"Bearer {token(faulty_server.url)}"
    faulty_server.reset()
    return faulty_server
