"""A PostgreSQL server for all tests of a process, and a database for each."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from spotify_assets.warehouse.databases.layers import Layers
from spotify_assets.warehouse.databases.postgresql.migrations import Structure
from spotify_assets_tests.warehouse.databases.postgresql.server import Server, running

NUMBERS = count(1)
Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def tls_server() -> Iterator[Server]:
    """Another one, which speaks TLS with a certificate that it signed itself."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    with running(with_tls=True) as started:
        yield started


@pytest.fixture(scope="session")
def structure() -> Structure:
    return Structure.of(Layers(), "America/Sao_Paulo")


@pytest.fixture(scope="session")
def template(server: Server, structure: Structure, states: Path) -> str:
    """A database with the small warehouse in its first state, to be copied."""
    from spotify_assets.warehouse.databases.postgresql.publishing import publish  # noqa: PLC0415

    create_database(server, "template_published", "template1")
    publish(server.url("template_published"), structure, states / "first.duckdb")
    return "template_published"


@pytest.fixture
def url(server: Server, request: pytest.FixtureRequest) -> SecretStr:
    """Of a database of the test's own: empty, or as `published` has it."""
    is_filled = "published" in request.fixturenames
    filled = request.getfixturevalue("template") if is_filled else "template1"
    return create_database(server, f"test_{next(NUMBERS)}", filled)


@pytest.fixture
def published(url: SecretStr) -> SecretStr:
    """The database of the test, with the small warehouse in it."""
    return url


def create_database(server: Server, name: str, template: str) -> SecretStr:
    psycopg = pytest.importorskip("psycopg", reason="pip install psycopg[binary]")
    admin = server.url("postgres").get_secret_value()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


@pytest.fixture
def ask(url: SecretStr) -> Iterator[Ask]:
    """The rows of a query, or nothing for a statement; by another driver than publishing."""
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url.get_secret_value(), autocommit=True) as connection:

        def asked(sql: str, *values: object) -> list[tuple[Any, ...]]:
            found = connection.execute(sql, values or None)
            return found.fetchall() if found.description else []

        yield asked
