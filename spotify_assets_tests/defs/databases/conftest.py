"""The PostgreSQL server and the small warehouse of the tests of `warehouse.databases`."""

from spotify_assets_tests.warehouse.databases.conftest import become, database, states
from spotify_assets_tests.warehouse.databases.postgresql.conftest import (
    ask,
    server,
    structure,
    template,
    url,
)

__all__ = ["ask", "become", "database", "server", "states", "structure", "template", "url"]
