"""The store in a folder of its own, with a clock and a channel that tests can see."""

from collections.abc import Iterator

import pytest

from spotify_assets.operations.alerts import Alerts
from spotify_assets_tests.operations.alerts import servers
from spotify_assets_tests.operations.alerts.samples import Clock, Paper
from spotify_assets_tests.places import Places


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def alerts(places: Places, paper: Paper, clock: Clock) -> Alerts:
    return Alerts(places("operations"), [paper], clock)


@pytest.fixture
def hook() -> Iterator[servers.Hook]:
    with servers.webhook("/services/a-path-that-nobody-may-see") as hook:
        yield hook
