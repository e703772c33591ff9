import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Exchange
from spotify_assets.lake.raw import RawPartition
from spotify_assets.lake.tables import first_date
from spotify_assets.operations import genres
from spotify_assets.operations.explain import Explanation, explain
from spotify_assets.schemas import LAKE_ONLY, RELEASES, WAREHOUSE, Contract, dictionary, examples
from spotify_assets.warehouse.macros import macros
from spotify_assets.warehouse.publication.integrity import integrity, unreconciled
from spotify_assets_tests.end_to_end.conftest import environment, spotify_assets

pytestmark = pytest.mark.end_to_end
ROOT = Path(__file__).resolve().parents[2]
Demo = tuple[Path, str]


@cache
def opened(database: Path) -> duckdb.DuckDBPyConnection:
    """The file, which is asked hundreds of times: to open it takes longer than most answers."""
    return duckdb.connect(database, read_only=True)


def ask(demo: Demo, sql: str) -> list[tuple[object, ...]]:
    with opened(demo[0] / "spotify.duckdb").cursor() as connection:
        return connection.execute(sql).fetchall()


def test_the_demo_collects_four_genres_of_seven_days(demo: Demo) -> None:
    assert ask(
        demo,
        "SELECT count(*), count(DISTINCT genre), count(DISTINCT date) FROM processed.extracts",
    ) == [(28, 4, 7)]
    assert "rankings.top_tracks" in demo[1]


def test_the_demo_fills_every_partition_that_the_ui_shows_of_it(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = genres.read((demo[0] / "genres.txt").read_text(encoding="utf-8").splitlines()).genres
    first = first_date(Lake(demo[0] / "lake"))
    assert first is not None
    days = [first + dt.timedelta(days=n) for n in range(7)]
    monkeypatch.setenv("DAGSTER_HOME", str(demo[0] / "dagster"))
    with dg.DagsterInstance.get() as instance:
        made = instance.get_materialized_partitions(dg.AssetKey(["star", "fact_track_daily"]))
        assert set(instance.get_dynamic_partitions("genre")) == set(listed)
    assert made == {f"{day}|{genre}" for day in days for genre in listed}


def test_the_demo_imports_two_years_of_listening_that_the_catalog_describes(demo: Demo) -> None:
    coverage = ask(demo, "SELECT coverage, count(*) FROM star.play_coverage GROUP BY ALL")
    assert sum(int(str(days)) for _, days in coverage) in range(725, 731)
    assert "listening.top_artists" in demo[1]
    assert "listening.by_weekday" in demo[1]
    assert "spotify-assets import" in demo[1]
    [(from_catalog, with_isrc)] = ask(
        demo,
        "SELECT count(*) FILTER (known_from = 'catalog'), count(isrc) FROM star.dim_item",
    )
    assert int(str(from_catalog)) > 100
    assert int(str(with_isrc)) > 100


def test_the_demo_imports_two_years_of_a_label_whole(demo: Demo) -> None:
    assert ask(demo, "SELECT count(*) FROM star.dim_release") == [(12,)]
    assert ask(demo, "SELECT sum(unmatched), sum(quarantined) FROM monitoring.release_files") == [
        (0, 0)
    ]
    empty = {one.table() for one in RELEASES if not ask(demo, f"FROM {one.table()} LIMIT 1")}
    assert empty == {"monitoring.release_revisions", "quarantine.release_rows"}
    assert "Falésia" in demo[1]


def test_the_demo_shows_its_invented_numbers_on_a_page(demo: Demo) -> None:
    page = demo[0] / "public" / "index.html"
    assert str(page) in demo[1].replace("\n", "")
    text = page.read_text(encoding="utf-8")
    assert text.count("<figure>") == 6
    assert "Falésia" in text


def test_every_contract_key_and_reference_holds(demo: Demo) -> None:
    with duckdb.connect(demo[0] / "spotify.duckdb", read_only=True) as connection:
        for contract in WAREHOUSE.values():
            contract.validate(connection.table(contract.table()).pl())
        assert [one for one in integrity(connection, WAREHOUSE.values()) if one.broken] == []
        assert unreconciled(connection).is_empty()


def test_each_fact_fits_exactly_one_version_of_its_dimension(demo: Demo) -> None:
    for name in ("track", "artist"):
        fits = f"""
            SELECT DISTINCT versions FROM (
                SELECT count(d.{name}_id) AS versions
                FROM star.fact_{name}_daily AS f LEFT JOIN star.dim_{name} AS d
                    ON d.{name}_id = f.{name}_id AND f.date >= d.valid_from
                    AND (d.valid_to IS NULL OR f.date < d.valid_to)
                GROUP BY f.genre, f.date, f.{name}_id)"""
        assert ask(demo, fits) == [(1,)]


def test_rankings_move_and_names_change(demo: Demo) -> None:
    statuses = {
        status for (status,) in ask(demo, "SELECT DISTINCT status FROM rankings.top_tracks")
    }
    assert {"new", "up", "down", "same"} <= statuses
    renamed = "SELECT count(*) FROM star.dim_artist WHERE NOT is_current"
    assert ask(demo, renamed) != [(0,)]


def test_facts_are_the_objects_of_the_responses(demo: Demo) -> None:
    """Counted from the raw responses with another reader than the one under test."""
    lake, counted = Lake(demo[0] / "lake"), {}
    for folder in (demo[0] / "lake" / "raw" / "catalog").glob("*/*"):
        sealed = RawPartition(lake, GenreDay.from_folder(folder)).latest()
        assert sealed is not None
        ids = set()
        for line in pl.read_ndjson(sealed.path, infer_schema_length=None).to_dicts():
            tracks = (line.get("search") or {}).get("tracks") or {}
            ids |= {item["id"] for item in tracks.get("items", []) if item}
        counted[sealed.genre_day.genre, sealed.genre_day.date] = len(ids)
    facts = ask(demo, "SELECT genre, date, count(*) FROM star.fact_track_daily GROUP BY ALL")
    quarantined = dict.fromkeys(counted, 0)
    for genre, date, count in ask(
        demo,
        "SELECT genre, date, count(*) FROM quarantine.rows "
        "WHERE table_name = 'tracks' AND reason NOT LIKE '%got null%' GROUP BY ALL",
    ):
        quarantined[genre, date] = count  # type: ignore[index,assignment]
    assert {(g, d): n + quarantined[g, d] for g, d, n in facts} == counted  # type: ignore[index,operator]


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md", "docs/listening.md"])
def test_the_sql_that_the_documents_show_runs(demo: Demo, page: str) -> None:
    shown = re.findall(r"```sql\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert shown
    for sql in shown:
        assert ask(demo, sql)


def test_the_join_that_the_data_dictionary_shows_finds_names(demo: Demo) -> None:
    [join] = re.findall(r"```sql\n(.*?)```", dictionary.HEAD, re.DOTALL)
    assert len(ask(demo, join)) == 10


@pytest.mark.parametrize(
    "contract", [*WAREHOUSE.values(), *LAKE_ONLY], ids=lambda contract: contract.table()
)
def test_the_examples_of_a_table_that_has_rows_give_rows(
    demo: Demo, contract: type[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo[0].parent)
    is_empty = contract not in LAKE_ONLY and not ask(demo, f"FROM {contract.table()} LIMIT 1")
    for question, query in examples.of(contract).items():
        assert ask(demo, query) or is_empty, question


def test_each_line_of_the_diagram_finds_what_it_says(demo: Demo) -> None:
    """Also where no contract says so, and no publication holds the tables to it."""
    for contract in WAREHOUSE.values():
        for columns, target in dictionary.joins(contract).items():
            filled = " AND ".join(f"{name} IS NOT NULL" for name in columns)
            lost = f"FROM {contract.table()} ANTI JOIN {target} USING ({', '.join(columns)})"
            assert ask(demo, f"{lost} WHERE {filled}") == [], (contract, target)


ANSWERED = examples.by_question((ROOT / "docs" / "answers.sql").read_text())
# The days that the demo predicts are still to come.
HAVE_COME = {question: sql for question, sql in ANSWERED.items() if "predictions.scores" not in sql}


@pytest.mark.parametrize("question", HAVE_COME)
def test_each_answer_gives_rows(demo: Demo, question: str) -> None:
    assert ask(demo, ANSWERED[question])


def test_the_notebook_runs_from_the_first_cell_to_the_last(demo: Demo) -> None:
    done = subprocess.run(
        [sys.executable, "docs/analysis.py"],
        cwd=ROOT,
        env=environment(demo[0]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = [question for question in ANSWERED if question.partition(" ")[2] in done.stdout]
    assert len(shown) == 6
    assert "████" in done.stdout


def test_each_macro_and_view_of_the_listening_history_has_an_example() -> None:
    page = (ROOT / "docs" / "listening.md").read_text()
    shown = "".join(re.findall(r"```sql\n(.*?)```", page, re.DOTALL))
    # Those that end so are of the catalog.
    names = [name for name in macros() if not name.endswith(("_as_of", "_daily"))]
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", shown)] == []


def test_explain_prints_the_response_that_holds_a_ranking_row(demo: Demo) -> None:
    key = ask(
        demo,
        "SELECT genre, date::VARCHAR, rank::VARCHAR, track_id, score "
        "FROM rankings.top_tracks WHERE rank = 2 ORDER BY ALL LIMIT 1",
    )[0]
    words = ["explain", "rankings.top_tracks", *map(str, key[:3])]
    whole = spotify_assets(*words, "--whole", data_dir=demo[0])
    tracks = json.loads(whole.stdout)["tracks"]["items"]
    assert [t["popularity"] for t in tracks if t and t["id"] == key[3]][:1] == [key[4]]
    shown = spotify_assets(*words, data_dir=demo[0])
    assert str(key[3]) in shown.stdout
    assert "GET search" in shown.stdout
    [(run,)] = ask(demo, f"SELECT run_id FROM monitoring.runs WHERE genre = '{key[0]}'")
    [(version,)] = ask(demo, "SELECT DISTINCT code_version FROM processed.extracts")
    assert re.search(rf"asked by run +{run}\n", shown.stdout)
    assert re.search(rf"code version +{re.escape(str(version))}\n", shown.stdout)
    assert re.search(r"status +200\n", shown.stdout)


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("star.dim_artist", "SELECT artist_id, valid_from FROM star.dim_artist"),
        ("star.dim_track", "SELECT track_id, valid_from FROM star.dim_track"),
        ("star.dim_album", "SELECT album_id FROM star.dim_album"),
        ("star.bridge_track_artist", "SELECT track_id, position FROM star.bridge_track_artist"),
        ("star.fact_artist_daily", "SELECT genre, date, artist_id FROM star.fact_artist_daily"),
        ("rankings.departures", "SELECT genre, date, kind, id FROM rankings.departures"),
        (
            "processed.search_results",
            "SELECT genre, date, kind, position FROM processed.search_results",
        ),
    ],
)
def test_explain_finds_the_response_behind_any_table(demo: Demo, table: str, query: str) -> None:
    for row in ask(demo, f"{query} USING SAMPLE 5 ROWS (reservoir, 7)"):
        key = [str(value) for value in row]
        found = explained(demo, table, key)
        assert isinstance(found.source, Exchange)
        assert found.run_id
        ids = [value for name, value in found.row.items() if name in ("id", f"{table[9:]}_id")]
        assert all(str(one) in found.whole.decode() for one in ids)


def explained(demo: Demo, table: str, key: list[str]) -> Explanation:
    return explain(Lake(demo[0] / "lake"), demo[0] / "spotify.duckdb", table, key)


def test_explain_finds_the_row_of_an_export_behind_a_play(demo: Demo) -> None:
    plays = """
        SELECT p.source_file, p.source_line, i.item, i.kind
        FROM star.fact_play AS p
        JOIN star.dim_item AS i USING (item_key)
        WHERE i.kind IN ('music', 'podcast') AND p.ms_played > 0
        USING SAMPLE 10 ROWS (reservoir, 7)"""
    for file, line, item, _ in ask(demo, plays):
        found = explained(demo, "star.fact_play", [str(file), str(line)])
        assert item in found.shown.values()
        assert found.shown["ms_played"] == str(found.row["ms_played"])


@pytest.mark.parametrize("known_from", ["catalog", "export"])
def test_explain_says_who_describes_what_was_played(demo: Demo, known_from: str) -> None:
    items = (
        f"SELECT item_key, name FROM star.dim_item WHERE known_from = '{known_from}' "
        "USING SAMPLE 5 ROWS (reservoir, 7)"
    )
    for key, name in ask(demo, items):
        found = explained(demo, "star.dim_item", [str(key)])
        assert (
            found.origin
            == {
                "catalog": "processed.tracks",
                "export": "processed.streams",
            }[known_from]
        )
        assert found.origin_row["name"] == name


def test_explain_prints_the_row_of_an_export(demo: Demo) -> None:
    key = ask(demo, "SELECT source_file, source_line FROM star.fact_play LIMIT 1")[0]
    shown = spotify_assets("explain", "star.fact_play", *map(str, key), data_dir=demo[0]).stdout
    assert "made from processed.streams" in shown
    assert re.search(r"export file +Streaming_History_", shown)
    assert '"ms_played"' in shown


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["star.dim_artist", "nobody", "2026-01-01"], "has no row nobody 2026-01-01. Its key", 2),
        (["star.dim_artist", "nobody"], "2 values, not 1", 2),
        (["star.none", "x"], "There is no table", 2),
        (["star.dim_genre", "forró"], "no one response", 1),
    ],
)
def test_explain_says_why_it_cannot(demo: Demo, words: list[str], said: str, code: int) -> None:
    done = spotify_assets("explain", *words, data_dir=demo[0])
    assert done.returncode == code
    assert said in done.stderr


def test_query_prints_each_format(demo: Demo, tmp_path: Path) -> None:
    sql = "SELECT genre, artist_names, date FROM rankings.top_tracks ORDER BY ALL LIMIT 3"
    shown = {
        form: spotify_assets("query", sql, "--format", form, data_dir=demo[0]).stdout
        for form in ("table", "csv", "json")
    }
    rows = list(csv.DictReader(io.StringIO(shown["csv"])))
    assert len(rows) == 3
    assert json.loads(rows[0]["artist_names"])
    assert [row["genre"] for row in json.loads(shown["json"])] == [row["genre"] for row in rows]
    assert shown["table"].splitlines()[0] == "genre\tartist_names\tdate"


@pytest.mark.parametrize(
    ("sql", "said"),
    [("SELEC 1", "DuckDB does not take"), ("DROP TABLE star.dim_date", "nothing else")],
)
def test_query_refuses_what_is_no_query(demo: Demo, sql: str, said: str) -> None:
    done = spotify_assets("query", sql, data_dir=demo[0])
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.slow
def test_a_second_demo_finds_everything_complete(demo: Demo) -> None:
    done = spotify_assets("demo", data_dir=demo[0])
    assert done.returncode == 0
    assert done.stdout.count("complete already: skipped") == 28
