"""Drift of comments: told where it is large and no chance, and nowhere else."""

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.quality.comments import are_there, drifts
from spotify_assets.warehouse.tables import create

TODAY = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        assert not are_there(connection)
        create(connection, [WAREHOUSE["comments.comments"], WAREHOUSE["comments.current_label"]])
        assert are_there(connection)
        yield connection


def found(
    connection: duckdb.DuckDBPyConnection,
    new: tuple[int, int],
    old: tuple[int, int],
    *,
    days_ago: int = 0,
) -> dict[str, tuple[float, float]]:
    """Drifts where of a week, and of the four before, so many of so many are unsure of tickets."""
    connection.begin()
    try:
        for (some, total), day in ((new, TODAY), (old, TODAY - dt.timedelta(days=20))):
            connection.execute(
                "INSERT INTO comments.comments BY NAME SELECT hex(i) || ? AS comment_id, "
                "?::DATE - ?::INTEGER AS date FROM range(?) AS r(i)",
                [str(day), str(day), days_ago, total],
            )
            connection.execute(
                "INSERT INTO comments.current_label BY NAME SELECT hex(i) || ? AS comment_id, "
                "if(i < ?, 'unsure', 'praise') AS category, "
                "if(i < ?, ['tickets'], ['vocals']) AS topics FROM range(?) AS r(i)",
                [str(day), some, some, total],
            )
        return {one.subject: (one.share, one.usual) for one in drifts(connection, TODAY)}
    finally:
        connection.rollback()


def test_a_share_that_jumps_is_told_with_what_is_usual(tables: duckdb.DuckDBPyConnection) -> None:
    told = found(tables, (60, 200), (20, 400))
    assert told == {
        "unsure": (0.3, 0.05),
        "topic tickets": (0.3, 0.05),
        "topic vocals": (0.7, 0.95),
    }


@pytest.mark.parametrize(
    ("new", "old"),
    [((20, 200), (40, 400)), ((24, 40), (20, 400)), ((18, 60), (8, 60)), ((300, 9000), (90, 9000))],
    ids=["as before", "of too few", "by chance perhaps", "by too little"],
)
def test_what_is_as_before_or_may_be_chance_is_not_told(
    tables: duckdb.DuckDBPyConnection, new: tuple[int, int], old: tuple[int, int]
) -> None:
    assert found(tables, new, old) == {}


def test_an_old_week_is_no_news(tables: duckdb.DuckDBPyConnection) -> None:
    assert found(tables, (60, 200), (20, 400), days_ago=15) == {}
    assert found(tables, (0, 0), (0, 0)) == {}
