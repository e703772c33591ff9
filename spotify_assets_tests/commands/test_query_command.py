"""``spotify-assets query``: one query, of the warehouse alone."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets_tests.hostile import FORMULAS, NAMES


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command works: beside a data folder with a small warehouse."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    data, here = tmp_path / "data", tmp_path / "here"
    data.mkdir()
    here.mkdir()
    (tmp_path / "secret").write_text("secret")
    monkeypatch.chdir(here)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(data))
    with duckdb.connect(data / "spotify.duckdb") as connection:
        connection.execute("CREATE TABLE held AS SELECT 'rock' AS genre, 7 AS plays")
    return here


def query(sql: str, *more: str) -> Result:
    return CliRunner().invoke(app, ["query", sql, *more])


@pytest.mark.parametrize(
    "sql",
    [
        "COPY held TO 'written.csv'",
        "EXPORT DATABASE 'exported'",
        "ATTACH 'other.duckdb' AS other (READ_WRITE); DELETE FROM other.held; SELECT 1",
        "ATTACH ':memory:' AS other",
        "SELECT 1; COPY held TO 'written.csv'",
        "CREATE TABLE more AS SELECT 1",
        "CREATE TEMP TABLE more AS SELECT 1",
        "DELETE FROM held",
        "INSTALL httpfs",
        "LOAD json",
        "SET TimeZone = 'UTC'",
        "SET VARIABLE a = 1",
        "PRAGMA enable_verification",
        "CHECKPOINT",
        "VACUUM",
        "CALL enable_logging(storage = 'file', storage_path = 'log')",
        "FROM read_text('../secret')",
        "FROM 'absent.csv'",
        "FROM glob('*')",
        "",
        "/* nothing */",
    ],
)
def test_what_is_more_than_a_query_of_the_warehouse_is_refused(folder: Path, sql: str) -> None:
    done = query(sql)
    assert (done.exit_code, "A query reads the warehouse and nothing else" in done.stderr) == (
        2,
        True,
    ), done.output
    assert list(folder.iterdir()) == []
    assert query("FROM held", "--format", "csv").stdout == "genre,plays\nrock,7\n"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("FROM held;", "genre,plays\nrock,7\n"),
        ("PIVOT held ON genre USING sum(plays)", "rock\n7\n"),
        ("WITH a AS (FROM held) SELECT plays FROM a -- why", "plays\n7\n"),
        ("VALUES (1)", "col0\n1\n"),
        ("SHOW TABLES", "name\nheld\n"),
    ],
)
def test_every_form_of_one_query_is_answered(sql: str, said: str) -> None:
    done = query(sql, "--format", "csv")
    assert (done.exit_code, done.stdout) == (0, said), done.stderr


def test_people_see_types_too_that_no_file_takes() -> None:
    assert query("SELECT INTERVAL 3 DAY AS late").stdout == "late\n3 days, 0:00:00\n"


# Formulas


@pytest.fixture
def named(folder: Path) -> Path:
    """The warehouse holds hostile names, numbered."""
    with duckdb.connect(folder.parent / "data" / "spotify.duckdb") as connection:
        connection.execute("CREATE TABLE names (number INTEGER, name VARCHAR)")
        connection.executemany("INSERT INTO names VALUES (?, ?)", list(enumerate(NAMES)))
    return folder


def exported(what: str, *more: str) -> str:
    done = CliRunner().invoke(app, ["export", what, "--to", "out.csv", "--force", *more])
    assert done.exit_code == 0, done.stderr
    return Path("out.csv").read_bytes().decode()


def printed(what: str, *more: str) -> str:
    done = query(what, "--format", "csv", *more)
    assert done.exit_code == 0, done.stderr
    return done.stdout_bytes.decode()


def fields(text: str) -> list[str]:
    """The first of each row, without the header."""
    return [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]


ORDERED = "SELECT name FROM names ORDER BY number"


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("written", [exported, printed])
def test_in_csv_a_name_that_begins_like_a_formula_gets_an_apostrophe(
    written: Callable[..., str],
) -> None:
    right = [f"'{name}" if name in FORMULAS else name for name in NAMES]
    assert fields(written(ORDERED)) == right


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("written", [exported, printed])
def test_in_csv_names_are_exact_where_that_is_asked(written: Callable[..., str]) -> None:
    assert fields(written(ORDERED, "--exact")) == list(NAMES)


@pytest.mark.parametrize("written", [exported, printed])
@pytest.mark.parametrize(
    "value",
    ["-7", "-1.5", "-1.5::DECIMAL(9, 2)", "-170141183460469231731687303715884105727::HUGEINT"],
)
def test_in_csv_numbers_stay_numbers(written: Callable[..., str], value: str) -> None:
    number = value.partition("::")[0]
    [written_number] = fields(written(f"SELECT {value} AS n"))
    assert float(written_number) == float(number)
    assert written_number.startswith("-")


@pytest.mark.parametrize("written", [exported, printed])
@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("'=1'::BLOB", "'=1"),
        ("'=1'::ENUM('=1')", "'=1"),
        ("['=1']", '["=1"]'),
        ("NULL::VARCHAR", ""),
    ],
)
def test_in_csv_every_type_that_holds_texts_is_guarded(
    written: Callable[..., str], value: str, right: str
) -> None:
    assert fields(written(f"SELECT {value} AS it, 1 AS other")) == [right]


@pytest.mark.parametrize("written", [exported, printed])
def test_in_csv_the_name_of_a_column_is_guarded(written: Callable[..., str]) -> None:
    assert written('SELECT 1 AS "=1+1", 2 AS "=1+1"').splitlines()[0] == "'=1+1,'=1+1_1"


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("ending", ["json", "parquet"])
def test_what_is_no_csv_is_exact(ending: str) -> None:
    done = CliRunner().invoke(app, ["export", "names", "--to", f"out.{ending}"])
    assert done.exit_code == 0, done.stderr
    found = duckdb.sql(f"SELECT name FROM 'out.{ending}' ORDER BY number").fetchall()
    assert [name for (name,) in found] == list(NAMES)
