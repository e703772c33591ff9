from pathlib import Path

import duckdb
import polars as pl
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


WRITES = [
    "COPY (SELECT 1) TO '{folder}/written.csv'",
    "EXPORT DATABASE '{folder}/exported'",
    "ATTACH '{folder}/other.duckdb' AS other (READ_WRITE)",
    "CREATE TABLE s.t AS SELECT 1 AS a",
    "INSERT INTO s.held VALUES (1)",
    "FROM enable_profiling(format = 'json', save_location = '{folder}/profile.json')",
    "SET memory_limit = '1GB'",
    "SET enable_external_access = true",
    "SET temp_directory = '{folder}'",
    "RESET lock_configuration",
    "PRAGMA threads = 1",
    "INSTALL httpfs",
    "LOAD httpfs",
]
READS = [
    "FROM read_text('{folder}/secret.csv')",
    "FROM read_blob('{folder}/*')",
    "FROM '{folder}/secret.csv'",
    "FROM glob('{folder}/*')",
    "FROM sniff_csv('{folder}/secret.csv')",
    "FROM parquet_metadata('{folder}/secret.csv')",
    "FROM read_duckdb('{folder}/other.duckdb', table_name = 'held')",
    "FROM 'http://127.0.0.1:9/secret.csv'",
    "FROM a_variable_of_this_program",
]


@pytest.mark.parametrize("sql", [*WRITES, *READS])
def test_whatever_is_asked_only_that_file_is_read(tmp_path: Path, sql: str) -> None:
    a_variable_of_this_program = pl.DataFrame({"a": [1]})  # noqa: F841 - the query names it
    path, folder = tmp_path / "w.duckdb", tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "secret.csv").write_text("secret")
    for database in (path, folder / "other.duckdb"):
        with duckdb.connect(database) as connection:
            connection.execute("CREATE SCHEMA s; CREATE TABLE s.held (a INTEGER)")
    before = {file: file.read_bytes() for file in folder.iterdir()}
    with read_only(path) as connection, pytest.raises(duckdb.Error):  # noqa: PT012 - see below
        connection.execute(sql.format(folder=folder)).fetchall()
        # Some settings are refused when the next query would follow them.
        connection.execute("SELECT 1").fetchall()
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_views_and_macros_of_the_file_answer_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT 2 AS a; CREATE VIEW v AS FROM t")
        connection.execute("CREATE MACRO m(b, c := 3) AS TABLE SELECT a * b + c AS d FROM v")
    with read_only(path) as connection:
        assert connection.execute("FROM m(5)").fetchall() == [(13,)]


def test_what_does_not_fit_into_memory_is_put_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(path).close()
    with read_only(path) as connection:
        told = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    assert told == [(f"{path}.tmp",)]


def test_only_the_scratch_folder_can_be_written(tmp_path: Path) -> None:
    path, scratch = tmp_path / "w.duckdb", tmp_path / "scratch"
    scratch.mkdir()
    duckdb.connect(path).close()
    with read_only(path, scratch) as connection:
        connection.execute(f"COPY (SELECT 1 AS a) TO '{scratch}/out.csv'")
        for other in (tmp_path / "out.csv", scratch / ".." / "out.csv"):
            with pytest.raises(duckdb.PermissionException):
                connection.execute(f"COPY (SELECT 1 AS a) TO '{other}'")
    assert (scratch / "out.csv").read_text() == "a\n1\n"


def test_a_file_that_this_process_has_open_elsewhere_is_locked_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    duckdb.connect(path).close()
    with (
        duckdb.connect(path, read_only=True) as free,
        read_only(path) as locked,
        read_only(path, tmp_path),
    ):
        with pytest.raises(duckdb.PermissionException):
            locked.execute("FROM glob('*')")
        free.execute("FROM glob('*')")
