"""What was known on a day can be asked again on any later one."""

import duckdb
import pytest

from spotify_assets.schemas.catalog.processed import Extracts
from spotify_assets.schemas.catalog.rankings import TopArtists, TopTracks
from spotify_assets.warehouse.tables import quoted
from spotify_assets_tests.warehouse.histories import empty_warehouse


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    """Ranked on Monday 16 and Thursday 19; collected on the days between without a ranking."""
    connection = empty_warehouse()
    for contract, kind in ((TopTracks, "track"), (TopArtists, "artist")):
        for day, name in ((16, "Then"), (19, "Now")):
            connection.execute(
                f"INSERT INTO {quoted(contract)} BY NAME SELECT 'rock' AS genre, "
                f"DATE '2026-11-{day}' AS date, 1 AS rank, '{name}' AS name, 'x' AS {kind}_id"
            )
    for day in range(16, 20):
        connection.execute(
            f"INSERT INTO {quoted(Extracts)} BY NAME "
            f"SELECT 'rock' AS genre, DATE '2026-11-{day}' AS date"
        )
    return connection


@pytest.mark.parametrize("kind", ["tracks", "artists"])
def test_a_ranking_as_of_a_day_is_that_of_the_last_day_that_has_one(
    warehouse: duckdb.DuckDBPyConnection, kind: str
) -> None:
    """The days between were not asked for the kind, or found nothing."""
    names = {
        day: warehouse.sql(
            f"SELECT name FROM rankings.top_{kind}_as_of('rock', DATE '2026-11-{day}')"
        ).fetchall()
        for day in (15, 16, 18, 19, 25)
    }
    assert names == {15: [], 16: [("Then",)], 18: [("Then",)], 19: [("Now",)], 25: [("Now",)]}
