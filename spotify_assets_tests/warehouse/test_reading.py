from pathlib import Path

import duckdb
import pytest

from spotify_assets.warehouse.errors import WarehouseError
from spotify_assets.warehouse.reading import read_only


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseError, match="spotify-assets collect"),
        read_only(tmp_path / "none.duckdb"),
    ):
        pass


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "odd.duckdb"
    path.write_bytes(b"odd" * 5000)
    with pytest.raises(WarehouseError, match="cannot be opened"), read_only(path):
        pass


def test_the_connection_is_closed_where_the_body_raises(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(path).close()
    with pytest.raises(ZeroDivisionError), read_only(path) as connection:
        raise ZeroDivisionError
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("SELECT 1")
    # Nothing holds the file any more: it can be opened for writing.
    duckdb.connect(path).close()


def test_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(path).close()
    with (
        read_only(path) as connection,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute("CREATE TABLE t (a INTEGER)")
