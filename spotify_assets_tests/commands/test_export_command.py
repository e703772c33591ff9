"""``spotify-assets export`` and ``restore``: what is taken elsewhere is the same there."""

import datetime as dt
import hashlib
import json
import os
import re
import resource
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.schemas import WAREHOUSE
from spotify_assets.warehouse.export import archive
from spotify_assets_tests.conftest import TODAY, Run
from spotify_assets_tests.hostile import NAMES
from spotify_assets_tests.lake.test_retention import publish_lake
from spotify_assets_tests.sources.account_export.samples import imported, play
from spotify_assets_tests.warehouse.conftest import MONDAY, write_genre_day

TABLE = "rankings.top_tracks"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MANY_BYTES = "SELECT i, md5(i::VARCHAR) AS text FROM range(20000) AS r(i)"
LISTENING = "FROM listening.{}('2025-04-01', '2025-05-31')"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The DuckDB file of a lake with genre-days and plays."""
    lake = Lake(tmp_path_factory.mktemp("made") / "data" / "lake")
    for number, genre in enumerate(["rock", "forró"]):
        write_genre_day(lake, GenreDay(genre, MONDAY), ["a", "b"])
        write_genre_day(lake, GenreDay(genre, MONDAY + dt.timedelta(days=number)), ["b", "c"])
    imported(lake, [play(), play(ts="2025-04-30T10:00:00Z"), play(skipped=True, ms_played=9)])
    return publish_lake(lake).path


@pytest.fixture
def database(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, where the command finds it; the working folder is beside it, and empty."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    data, here = tmp_path / "data", tmp_path / "here"
    data.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(data))
    return Path(shutil.copy(made, data / "spotify.duckdb"))


@pytest.fixture(scope="module")
def exported(made: Path) -> Path:
    """All of it, as `export --all` writes it."""
    archive.export_all(made, made.with_name("out"))
    return made.with_name("out")


@pytest.fixture
def folder(database: Path, exported: Path) -> Path:
    """A copy of that, in the working folder."""
    return Path(shutil.copytree(exported, Path("out").resolve()))


def command(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def export(what: str, to: str, *more: str) -> Path:
    done = command("export", what, "--to", to, *more)
    assert done.exit_code == 0, done.stderr
    return Path(to)


def ask(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(query).fetchall()


def here() -> set[str]:
    """What lies in the working folder, hidden or not."""
    return {path.name for path in Path().iterdir()}


# One file


@pytest.mark.parametrize("ending", ["csv", "json", "ndjson", "parquet", "CSV"])
def test_a_table_read_back_is_the_same_in_the_order_of_its_key(database: Path, ending: str) -> None:
    with duckdb.connect(database) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE {TABLE} AS FROM {TABLE} ORDER BY name, date")
        types = connection.table(TABLE).types
        expected = connection.execute(f"FROM {TABLE} ORDER BY genre, date, rank").fetchall()
        assert connection.table(TABLE).fetchall() != expected
    file = export(TABLE, f"out.{ending}")
    columns = ", ".join(f"#{place}::{kind}" for place, kind in enumerate(types, start=1))
    assert duckdb.sql(f"SELECT {columns} FROM '{file}'").fetchall() == expected


@pytest.mark.usefixtures("database")
def test_json_is_one_array_also_where_there_are_no_rows() -> None:
    assert len(json.loads(export(TABLE, "out.json").read_text())) == 6
    assert json.loads(export(f"FROM {TABLE} WHERE false", "none.json").read_text()) == []


@pytest.mark.usefixtures("database")
def test_lists_are_json_where_a_field_is_one_value() -> None:
    query = "SELECT ['a, b', 'é'] AS names, {'n': 1} AS object"
    assert export(query, "out.csv").read_text().splitlines()[1] == (
        '"[""a, b"",""é""]","{""n"":1}"'
    )


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("star.plays", 3),
        ("dim_genre", 2),
        ("FROM listening.top_tracks('2025-04-01', '2025-05-31');", 1),
        ("WITH two AS (FROM range(2)) FROM two -- a comment", 2),
        ("DESCRIBE star.dim_genre", 4),
        ("SELECT 1 AS same, [2] AS same", 1),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
@pytest.mark.usefixtures("database")
def test_views_and_queries_are_exported_and_counted(what: str, rows: int, ending: str) -> None:
    done = command("export", what, "--to", f"out.{ending}")
    assert done.exit_code == 0, done.stderr
    size = Path(f"out.{ending}").stat().st_size
    assert done.stdout == f"{rows} rows, {size} bytes: out.{ending}\n"
    assert here() == {f"out.{ending}"}


@pytest.mark.parametrize(
    ("what", "to", "said"),
    [
        ("SELECT nothing FROM star.dim_genre", "out.csv", 'Referenced column "nothing" not found'),
        ("SELECT 'x'::INTEGER", "out.csv", "Could not convert string 'x' to INT32"),
        ("SELEKT 1", "out.csv", "syntax error"),
        ("FROM 'absent.csv'", "out.csv", "absent.csv"),
        ("DROP TABLE star.dim_genre", "out.csv", "not one query"),
        ("SELECT 1; SELECT 2", "out.csv", "not one query"),
        ("rankings.top_track", "out.csv", "Did you mean rankings.top_tracks"),
        ("listening.top_tracks", "out.csv", 'is a macro: write "FROM listening.top_tracks(…)"'),
        ("star.dim_genre", "out.doc", ".csv, .json, .ndjson, .parquet, .xlsx"),
        ("star.dim_genre", "out", ".csv, .json, .ndjson, .parquet, .xlsx"),
    ],
)
@pytest.mark.usefixtures("database")
def test_what_cannot_be_asked_is_refused_and_nothing_is_written(
    what: str, to: str, said: str
) -> None:
    done = command("export", what, "--to", to)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert here() == set()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["star.plays"],
        ["--to", "a.csv"],
        ["star.plays", "--all", "out"],
        ["--all", "out", "--to", "a.csv"],
        ["--all", "out", "--force"],
    ],
)
@pytest.mark.usefixtures("database")
def test_words_that_do_not_say_what_and_where_are_refused(words: list[str]) -> None:
    done = command("export", *words)
    assert (done.exit_code, "WHAT --to FILE, or --all DIR" in done.stderr) == (2, True)
    assert here() == set()


@pytest.mark.usefixtures("database")
def test_a_file_that_is_there_is_replaced_only_by_force() -> None:
    Path("out.csv").write_text("mine")
    done = command("export", "star.dim_genre", "--to", "out.csv")
    assert (done.exit_code, "--force" in done.stderr) == (2, True)
    assert Path("out.csv").read_text() == "mine"
    assert "rock" in export("star.dim_genre", "out.csv", "--force").read_text()


@pytest.mark.usefixtures("database")
def test_a_folder_that_is_not_there_is_said() -> None:
    done = command("export", "star.dim_genre", "--to", "absent/out.csv")
    assert (done.exit_code, "Cannot write the export to absent/out.csv" in done.stderr) == (1, True)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let the kernel refuse every write of this process beyond ``size`` bytes of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    "words",
    [
        [MANY_BYTES, "--to", "out.csv"],
        [MANY_BYTES, "--to", "out.ndjson"],
        [MANY_BYTES, "--to", "out.parquet"],
        [MANY_BYTES, "--to", "out.xlsx"],
        ["--all", "out"],
    ],
)
@pytest.mark.usefixtures("database")
def test_where_the_disk_is_full_it_is_said_and_nothing_is_left(words: list[str]) -> None:
    with full_disk(2048):
        done = command("export", *words)
    assert (done.exit_code, "Cannot write the export" in done.stderr) == (1, True), done.stderr
    assert "Free space" in done.stderr
    assert here() == set()


# Excel


ESCAPED = re.compile("_x([0-9A-F]{4})_")


def cells(file: Path) -> list[list[tuple[str, str | None, str | None]]]:
    """Of each cell: its type, its number format, its value."""
    with zipfile.ZipFile(file) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))  # noqa: S314
    formats = {one.get("numFmtId"): one.get("formatCode") for one in styles.iter(f"{SHEET}numFmt")}
    used = [one.get("numFmtId") for one in styles.findall(f"{SHEET}cellXfs/{SHEET}xf")]
    return [
        [
            (
                cell.get("t", "n"),
                formats.get(used[int(cell.get("s", "0"))]),
                "".join(cell.itertext()),
            )
            for cell in row
        ]
        for row in sheet.iter(f"{SHEET}row")
    ]


@pytest.mark.usefixtures("database")
def test_in_a_sheet_every_hostile_name_is_a_text_and_none_a_formula_or_link() -> None:
    # A quote within a text of SQL is doubled; no text of DuckDB's is written with a NUL in it.
    names = [name for name in NAMES if "\0" not in name]
    texts = [name.replace("'", "''") for name in names]
    listed = ", ".join(f"({number}, '{text}')" for number, text in enumerate(texts))
    query = f"SELECT name FROM (VALUES {listed}) AS t(number, name) ORDER BY number"
    file = export(query, "out.xlsx")
    held = cells(file)[1:]
    # Excel reads `_x001B_` as the character of that number: XML holds most controls no other way.
    shown = [ESCAPED.sub(lambda code: chr(int(code[1], 16)), text or "") for [(_, _, text)] in held]
    assert shown == names
    assert {kind for [(kind, _, _)] in held} == {"inlineStr"}
    with zipfile.ZipFile(file) as archive:
        parts = [archive.read(part) for part in archive.namelist()]
    assert not any(b"<f>" in part or b"<hyperlink" in part for part in parts)


@pytest.mark.usefixtures("database")
def test_the_header_of_a_sheet_is_bold_and_stays_in_sight() -> None:
    with zipfile.ZipFile(export("star.dim_genre", "out.xlsx")) as archive:
        sheet, styles = (
            archive.read(f"xl/{part}.xml").decode() for part in ("worksheets/sheet1", "styles")
        )
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in sheet
    (style,) = set(re.findall(r'<c r="[A-Z]+1" s="(\d+)"', sheet))
    font = re.findall(r"<xf [^>]*fontId=\"(\d+)\"", styles.split("<cellXfs")[1])[int(style)]
    assert "<b/>" in re.findall(r"<font>.*?</font>", styles)[int(font)]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("DATE '2026-11-20'", ("n", "yyyy-mm-dd", "46346")),
        ("TIMESTAMP '2026-11-20 12:00'", ("n", "yyyy-mm-dd hh:mm:ss", "46346.5")),
        ("TIMESTAMPTZ '2026-11-20 12:00:00+03'", ("n", "yyyy-mm-dd hh:mm:ss", "46346.375")),
        ("DATE '1899-12-31'", ("inlineStr", None, "1899-12-31")),
        ("true", ("b", None, "1")),
        ("-7", ("n", None, "-7")),
        ("1.25", ("n", None, "1.25")),
        ("999999999999999", ("n", None, "999999999999999")),
        ("9007199254740993", ("inlineStr", None, "9007199254740993")),
        ("'nan'::DOUBLE", ("inlineStr", None, "nan")),
        ("'=1+1'", ("inlineStr", None, "=1+1")),
        ("'0012'", ("inlineStr", None, "0012")),
        ("'https://example.org'", ("inlineStr", None, "https://example.org")),
        ("['a', 'b']", ("inlineStr", None, '["a","b"]')),
        ("TIME '10:30'", ("inlineStr", None, "10:30:00")),
    ],
)
@pytest.mark.usefixtures("database")
def test_a_cell_is_what_the_value_is(value: str, cell: tuple[str, str | None, str]) -> None:
    _, [found] = cells(export(f"SELECT {value} AS it", "out.xlsx"))
    assert found == cell


@pytest.mark.usefixtures("database")
def test_a_null_is_an_empty_cell_and_rows_keep_their_order() -> None:
    file = export("SELECT i, nullif(i, 1) AS it FROM range(3) AS r(i)", "out.xlsx")
    values = [[value for _, _, value in row] for row in cells(file)]
    assert values == [["i", "it"], ["0", "0"], ["1"], ["2", "2"]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("FROM range(1048576)", "1,048,575 rows"),
        ("SELECT repeat('x', 32768) AS long", "row 1, column long"),
    ],
)
@pytest.mark.usefixtures("database")
def test_more_than_excel_takes_is_refused_with_what_to_do(query: str, said: str) -> None:
    done = command("export", query, "--to", "out.xlsx")
    assert (done.exit_code, said in done.stderr) == (1, True), done.stderr
    assert ".csv or .parquet" in done.stderr
    assert here() == set()


# All of it, and back


def differences(one: Path, other: Path) -> dict[str, list[tuple[object, ...]]]:
    """For each table of either file the rows that only one of them has."""
    with duckdb.connect() as connection:
        for name, file in (("one", one), ("other", other)):
            connection.execute(f"ATTACH '{file}' AS {name} (READ_ONLY)")
        named = (
            'SELECT DISTINCT format(\'"{}"."{}"\', schema_name, replace(table_name, \'"\', \'""\'))'
            "FROM duckdb_tables()"
        )
        return {
            table: rows
            for (table,) in connection.execute(named).fetchall()
            for a, b in (("one", "other"), ("other", "one"))
            if (
                rows := connection.execute(
                    f"FROM {a}.{table} EXCEPT ALL FROM {b}.{table}"
                ).fetchall()
            )
        }


def described(database: Path) -> list[tuple[object, ...]]:
    """Types, comments and SQL of all that is in the file."""
    return ask(
        database,
        """
        SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns()
        WHERE NOT internal
        UNION ALL
        SELECT schema_name, table_name, NULL, NULL, comment FROM duckdb_tables()
        UNION ALL
        SELECT schema_name, view_name, NULL, sql, comment FROM duckdb_views() WHERE NOT internal
        UNION ALL
        SELECT schema_name, function_name, parameters::VARCHAR, macro_definition, comment
        FROM duckdb_functions() WHERE NOT internal
        ORDER BY ALL
        """,
    )


def test_a_restored_file_is_the_same_table_by_table(database: Path, folder: Path) -> None:
    done = command("restore", str(folder), "--to", "new.duckdb")
    assert done.exit_code == 0, done.stderr
    assert here() == {"out", "new.duckdb"}
    restored = Path("new.duckdb")
    assert differences(database, restored) == {}
    assert described(restored) == described(database)
    assert ask(restored, "SELECT count(*) FROM star.fact_play") == [(3,)]


@pytest.mark.parametrize(
    "answer",
    [
        "top_tracks",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("by_day", "sessions", "skip_rate")),
    ],
)
def test_a_restored_file_answers_the_same(database: Path, folder: Path, answer: str) -> None:
    assert command("restore", str(folder), "--to", "new.duckdb").exit_code == 0
    expected = ask(database, LISTENING.format(answer))
    assert expected
    assert ask(Path("new.duckdb"), LISTENING.format(answer)) == expected


def test_names_and_values_of_any_kind_are_restored(database: Path) -> None:
    with duckdb.connect(database) as connection:
        for number, name in enumerate(['a "quoted" one', "a/b", "..", "ação", "select", "x.y"]):
            named = name.replace('"', '""')
            connection.execute(f'CREATE SCHEMA "s {number}"')
            table = f'"s {number}"."{named}"'
            connection.execute(
                f"""CREATE TABLE {table} AS SELECT 'it''s' AS "{named}", 1.5::DECIMAL(9, 3) AS d,
                {{'n': [1, NULL]}} AS nested, TIMESTAMPTZ '2026-01-01 10:00:00.123456+03' AS t,
                1::UTINYINT AS u, NULL::BOOLEAN AS b"""
            )
            connection.execute(f"""COMMENT ON TABLE {table} IS 'It''s; a "comment".'""")
            connection.execute(f'CREATE VIEW "s {number}"."of {named}" AS FROM {table}')
            connection.execute(f'CREATE MACRO "s {number}"."m {named}"(a, b := 1) AS a + b')
    assert command("export", "--all", "out").exit_code == 0
    done = command("restore", "out", "--to", "new.duckdb")
    assert done.exit_code == 0, done.stderr
    assert differences(database, Path("new.duckdb")) == {}
    assert described(Path("new.duckdb")) == described(database)


def test_the_manifest_tells_what_the_folder_holds(database: Path, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["format"] == 1
    assert manifest["duckdb_version"] == duckdb.__version__
    assert [(manifest["definition_hash"],)] == ask(database, "FROM monitoring.definition")
    tables = {f"{one['schema_name']}.{one['name']}": one for one in manifest["tables"]}
    assert set(tables) == set(WAREHOUSE)
    for name, told in tables.items():
        file = folder / f"{name.replace('.', '/')}.parquet"
        assert told["bytes"] == file.stat().st_size
        assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert [(told["rows"],)] == ask(database, f"SELECT count(*) FROM {name}")
        assert [one["name"] for one in told["columns"]] == WAREHOUSE[name].polars_schema().names()
        assert WAREHOUSE[name].grain() in told["comment"]


def test_the_same_state_is_exported_to_the_same_bytes(folder: Path) -> None:
    assert command("export", "--all", "again").exit_code == 0
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    assert len(files) == len(WAREHOUSE) + 2
    for file in files:
        if file.name != "manifest.json":
            assert (folder / file).read_bytes() == (Path("again") / file).read_bytes(), file


@pytest.mark.usefixtures("database")
def test_a_folder_with_anything_in_it_is_never_overwritten() -> None:
    Path("out").mkdir()
    Path("out/notes.txt").write_text("mine")
    done = command("export", "--all", "out")
    assert (done.exit_code, "is not empty" in done.stderr) == (2, True)
    assert [path.name for path in Path("out").iterdir()] == ["notes.txt"]
    assert command("export", "--all", "empty").exit_code == 0


def test_an_empty_folder_is_filled(database: Path) -> None:
    Path("out").mkdir()
    assert command("export", "--all", "out").exit_code == 0
    assert Path("out/manifest.json").exists()
    assert here() == {"out"}


@pytest.mark.parametrize("bytes_", [None, b"{}"])
@pytest.mark.parametrize("file", ["star/fact_play.parquet", "macros.sql", "manifest.json"])
def test_a_damaged_or_missing_file_is_named_and_nothing_is_left(
    folder: Path, file: str, bytes_: bytes | None
) -> None:
    if bytes_ is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(bytes_)
    done = command("restore", str(folder), "--to", "new.duckdb")
    assert (done.exit_code, str(folder / file) in done.stderr) == (1, True), done.stderr
    assert here() == {"out"}


def test_one_bit_is_enough_damage(folder: Path) -> None:
    file = folder / "star" / "dim_track.parquet"
    held = bytearray(file.read_bytes())
    held[len(held) // 2] ^= 1
    file.write_bytes(held)
    done = command("restore", str(folder), "--to", "new.duckdb")
    assert (done.exit_code, str(file) in done.stderr) == (1, True)


def change_manifest(folder: Path, **changed: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


def test_rows_that_the_manifest_does_not_tell_of_are_damage(folder: Path) -> None:
    tables = json.loads((folder / "manifest.json").read_text())["tables"]
    told = next(one for one in tables if one["name"] == "fact_play")
    told["rows"] += 1
    change_manifest(folder, tables=tables)
    done = command("restore", str(folder), "--to", "new.duckdb")
    assert (done.exit_code, "it holds 3 rows, not 4" in done.stderr) == (1, True)
    assert here() == {"out"}


def test_a_folder_of_another_format_is_refused(folder: Path) -> None:
    change_manifest(folder, format=2, package_version="9.9")
    done = command("restore", str(folder), "--to", "new.duckdb")
    assert (done.exit_code, "spotify-assets 9.9" in done.stderr) == (1, True)


def test_the_sql_of_a_folder_reaches_no_file_outside_it(folder: Path) -> None:
    sql = f"COPY (SELECT 1) TO '{folder.parent / 'written.csv'}';".encode()
    (folder / "macros.sql").write_bytes(sql)
    change_manifest(folder, answers_sha256=hashlib.sha256(sql).hexdigest())
    done = command("restore", str(folder), "--to", "new.duckdb")
    assert (done.exit_code, "Cannot access file" in done.stderr) == (1, True), done.stderr
    assert here() == {"out"}


def test_a_duckdb_file_that_is_there_is_replaced_only_by_force(folder: Path) -> None:
    Path("new.duckdb").write_text("mine")
    done = command("restore", str(folder), "--to", "new.duckdb")
    assert (done.exit_code, "--force" in done.stderr) == (2, True)
    assert Path("new.duckdb").read_text() == "mine"
    assert command("restore", str(folder), "--to", "new.duckdb", "--force").exit_code == 0
    assert ask(Path("new.duckdb"), "SELECT count(*) FROM star.dim_genre") == [(2,)]


def test_a_name_under_which_changes_wait_to_be_written_is_refused(folder: Path) -> None:
    Path("new.duckdb.wal").write_text("theirs")
    done = command("restore", str(folder), "--to", "new.duckdb", "--force")
    assert (done.exit_code, "new.duckdb.wal" in done.stderr) == (2, True)
    assert here() == {"out", "new.duckdb.wal"}


def test_a_restore_on_a_full_disk_leaves_nothing(folder: Path) -> None:
    with full_disk(100_000):
        done = command("restore", str(folder), "--to", "new.duckdb")
    assert (done.exit_code, "Cannot write the restored warehouse" in done.stderr) == (1, True)
    assert here() == {"out"}


# The data folder


@pytest.mark.slow
def test_the_data_folder_copied_as_a_whole_goes_on_elsewhere(
    run: Run, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("rock", artists=2, tracks=2).failure is None
    explain = ("explain", TABLE, "rock", str(TODAY), "1")
    query = ("query", f"FROM {TABLE} ORDER BY rank", "--format", "json")
    before = [command(*query).stdout, command(*explain).stdout]
    shutil.copytree(data_dir, tmp_path / "elsewhere" / "data")
    shutil.rmtree(data_dir)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "elsewhere" / "data"))
    after = [command(*words) for words in (query, explain)]
    assert [done.exit_code for done in after] == [0, 0]
    moved = [done.stdout.replace(str(tmp_path / "elsewhere"), str(tmp_path)) for done in after]
    assert moved == before
    assert "GET " in before[1]
