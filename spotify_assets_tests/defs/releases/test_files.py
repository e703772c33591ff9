"""Releases in Dagster: from files in the inbox to answers; once, whatever comes twice."""

import datetime as dt
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from spotify_assets.defs import launch
from spotify_assets.defs.publication import publish_now
from spotify_assets.defs.releases import sensors
from spotify_assets.operations.explain import CannotExplain, Exported, explain
from spotify_assets.sandbox import label, label_files
from spotify_assets.schemas import RELEASES, Contract, examples
from spotify_assets.schemas.releases import ReleaseFiles
from spotify_assets.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
UNTIL = dt.date(2026, 11, 20)
EVERY = examples.by_question((ROOT / "docs" / "answers.sql").read_text(encoding="utf-8"))
# What asks of comments and predictions is asked where there are some.
ELSEWHERE = ("comments.comments", "predictions.streams_daily", "predictions.scores")
ANSWERS = {
    question: sql
    for question, sql in EVERY.items()
    if "star.dim_release" in sql and not any(table in sql for table in ELSEWHERE)
}
PAGE = re.findall(
    r"```sql\n(.*?)```", (ROOT / "docs" / "releases.md").read_text(encoding="utf-8"), re.DOTALL
)
Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def truth() -> list[label.Release]:
    return label.releases(1, UNTIL)


@pytest.fixture(scope="module")
def settings(
    tmp_path_factory: pytest.TempPathFactory, truth: list[label.Release]
) -> Iterator[Settings]:
    """A data folder into which the label of the sandbox was imported, through the inbox."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SPOTI")]:
            patch.delenv(name)
        patch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path_factory.mktemp("label") / "data"))
        settings = Settings()
        for file in label_files.files(1, truth, UNTIL):
            path = settings.inbox / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.body)
            noon = dt.datetime.combine(file.downloaded, dt.time(12), dt.UTC).timestamp()
            os.utime(path, (noon, noon))
        (settings.inbox / "notes.csv").write_text("what,when\nparty,tonight\n", encoding="utf-8")
        launch.prepare_home(settings.dagster_home)
        with launch.instance(settings) as instance:
            outcome = launch.import_releases(instance, settings, [])
            outcome.raise_for_failure()
            assert launch.imported_releases(instance, outcome.run_id)[1][0][0] == "notes.csv"
        yield settings


def tables(settings: Settings) -> Rows:
    with duckdb.connect(settings.database, read_only=True) as connection:
        return {
            contract.table(): connection.execute(f"FROM {contract.table()} ORDER BY ALL").fetchall()
            for contract in RELEASES
        }


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(settings.database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_day_that_the_downloads_hold_is_there_and_no_other(
    settings: Settings, truth: list[label.Release]
) -> None:
    expected = {
        (release.release_id, day, streams)
        for release in truth
        for day, streams in release.streams.items()
        if day not in release.missing
    }
    found = ask(settings, "SELECT release_id, date, streams FROM star.fact_streams_daily")
    assert set(found) == expected
    assert len(found) == len(expected)


def test_what_was_spent_is_the_sum_of_the_ages_and_not_of_their_sums(
    settings: Settings, truth: list[label.Release]
) -> None:
    spent: dict[object, float] = defaultdict(float)
    for _, name, spend, *_ in label_files._ads(truth):
        spent[name] += spend
    found = ask(
        settings,
        "SELECT campaign, release_id, sum(spend) FROM star.fact_campaign_daily GROUP BY ALL",
    )
    of = {release.campaign.name: release.release_id for release in truth if release.campaign}
    assert {campaign: release for campaign, release, _ in found} == of
    # Each age is rounded to a cent.
    assert {campaign: spend for campaign, _, spend in found} == pytest.approx(spent, abs=0.5)


def test_every_row_is_accounted_for(settings: Settings) -> None:
    wrong = ask(
        settings,
        "SELECT file_name FROM monitoring.release_files "
        "WHERE received <> kept + duplicate + sums + quarantined OR unmatched > 0",
    )
    assert wrong == []


def test_each_table_but_those_of_faults_has_rows(settings: Settings) -> None:
    empty = {table for table, rows in tables(settings).items() if not rows}
    assert empty == {"monitoring.release_revisions", "quarantine.release_rows"}


@pytest.mark.parametrize("question", ANSWERS)
def test_each_answer_of_releases_gives_rows(settings: Settings, question: str) -> None:
    assert ask(settings, ANSWERS[question])


@pytest.mark.parametrize("sql", [sql for sql in PAGE if ELSEWHERE[1] not in sql])
def test_the_sql_that_the_guide_shows_gives_rows(settings: Settings, sql: str) -> None:
    assert ask(settings, sql)


@pytest.mark.parametrize(
    "contract", [one for one in RELEASES if "file_id" in one.polars_schema().names()]
)
def test_a_row_leads_back_to_the_lines_of_its_download(
    settings: Settings, contract: type[Contract]
) -> None:
    key = ", ".join(f'"{name}"::VARCHAR' for name in contract.key())
    lake = settings.lake
    for values in ask(settings, f"SELECT {key} FROM {contract.table()} USING SAMPLE 3 ROWS"):
        if contract is ReleaseFiles:
            with pytest.raises(CannotExplain, match="no one file or line"):
                explain(lake, settings.database, contract.table(), [str(one) for one in values])
            continue
        found = explain(lake, settings.database, contract.table(), [str(one) for one in values])
        header, *lines = found.shown.values()
        assert isinstance(found.source, Exported)
        assert str(found.row.get("date", found.row.get("sales_month", "")))[:7] in lines[0]
        if "streams" in found.row:
            assert f",{found.row['streams']}" in lines[0]
        if "quantity" in found.row:
            assert sum(f"{found.row['quantity']}" in line for line in lines) == 1
        if "impressions" in found.row:
            seen = found.row["impressions"]
            separator = ";" if ";" in header else '","'
            at = [one.strip('"') for one in header.split(separator)]
            number = at.index("Impressions" if "Impressions" in at else "Impressões")
            told = [int(line.strip('"').split(separator)[number]) for line in lines]
            assert sum(told) == seen
        assert len(lines) == found.origin_row["lines"]


def test_a_file_of_releases_that_is_damaged_keeps_its_tables_and_no_others(
    settings: Settings,
) -> None:
    before = tables(settings)
    [facts, *_] = sorted(settings.lake.root.glob("raw/release_files/*/file.json"))
    body, stat = facts.read_bytes(), facts.stat()
    facts.write_bytes(b"{")
    damaged = publish_now(settings).damaged
    assert damaged["table_name"].to_list() == ["raw.release_files"]
    assert tables(settings) == before
    facts.write_bytes(body)
    os.utime(facts, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert publish_now(settings).damaged.is_empty()
    assert tables(settings) == before


def test_a_second_import_changes_nothing_and_a_later_download_counts(
    settings: Settings, truth: list[label.Release]
) -> None:
    from spotify_assets.sources.release_files import find, import_files  # noqa: PLC0415 - slow

    def import_again() -> None:
        import_files(find([settings.inbox]), settings.lake, dt.datetime.now(dt.UTC))
        publish_now(settings)

    files = sorted(settings.lake.root.rglob("*"))
    times = [file.stat().st_mtime_ns for file in files]
    before, database = tables(settings), settings.database.stat().st_ino
    import_again()
    assert [file.stat().st_mtime_ns for file in files] == times
    assert settings.database.stat().st_ino == database
    release = truth[-1]
    day = max(set(release.streams) - release.missing)
    (settings.inbox / f"{release.title}-timeline.csv").write_text(
        f"date,streams\n{day},999999\n{day},999999\n", encoding="utf-8"
    )
    import_again()
    [change] = ask(settings, "SELECT measure, date, later FROM monitoring.release_revisions")
    assert change == ("streams", day, 999999)
    after = tables(settings)["star.fact_streams_daily"]
    assert len(after) == len(before["star.fact_streams_daily"])


def test_the_inbox_asks_for_a_run_once_nothing_in_it_changes(settings: Settings) -> None:
    def look(cursor: str | None) -> tuple[dg.RunRequest | dg.SkipReason, str | None]:
        context = dg.build_sensor_context(cursor=cursor, resources={"settings": settings})
        tick = sensors.release_inbox(context)
        assert isinstance(tick, dg.RunRequest | dg.SkipReason)
        return tick, context.cursor

    first, cursor = look(None)
    assert isinstance(first, dg.SkipReason)
    assert isinstance(look(cursor)[0], dg.RunRequest)
