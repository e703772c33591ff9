"""Where processes keep what they share: a file, and a PostgreSQL, to run the same tests on."""

from collections.abc import Callable
from itertools import count

import pytest

from spotify_assets.storage.database import Place, Shared
from spotify_assets_tests.warehouse.databases.postgresql.server import Server

NUMBERS = count(1)
in_a_file = pytest.mark.parametrize("places", ["file"], indirect=True)
"""Of a rule that only a file has: that it can be damaged, moved, or be on a full disk."""
Places = Callable[[str], Place]
"""Gives a place of a name that is empty: ``places("ledger")``."""


def empty_database(server: Server) -> Shared:
    """A database of its own."""
    import psycopg  # noqa: PLC0415 - most tests need none

    name = f"state_{next(NUMBERS)}"
    admin = server.url("postgres").get_secret_value()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return Shared(server.url(name))
