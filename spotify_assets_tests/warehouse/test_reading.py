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


def of_another_version(path: Path) -> None:
    """Have a DuckDB file say that a version wrote it that nobody knows yet."""
    content = bytearray(path.read_bytes())
    content[12:20] = (999).to_bytes(8, "little")
    # Of each block DuckDB compares a checksum first.
    checksum = 5381
    for at in range(8, 4096, 8):
        word = int.from_bytes(content[at : at + 8], "little")
        checksum ^= word * 0xBF58476D1CE4E5B9 % 2**64
    content[:8] = checksum.to_bytes(8, "little")
    path.write_bytes(content)


def test_a_file_of_another_version_of_duckdb_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "newer.duckdb"
    duckdb.connect(path).close()
    of_another_version(path)
    with (
        pytest.raises(WarehouseError, match=r"another version of DuckDB than .*999.*delete it"),
        read_only(path),
    ):
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
