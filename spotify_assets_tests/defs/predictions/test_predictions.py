"""Predictions in Dagster: from the drop folder to their scores; once, and made again from the lake.

Without LightGBM: it is of an extra, and what it says is tested where it is installed.
"""

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from spotify_assets.defs import launch
from spotify_assets.defs.predictions import fitting, schedules
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import predictions as stored
from spotify_assets.learning.releases import boosting, models, tables
from spotify_assets.sandbox import label, label_files
from spotify_assets.schemas import examples
from spotify_assets.settings import Settings
from spotify_assets_tests import command

ROOT = Path(__file__).resolve().parents[3]
EVERY = examples.by_question((ROOT / "docs" / "answers.sql").read_text(encoding="utf-8"))
ANSWERS = {
    question: sql
    for question, sql in EVERY.items()
    if re.search(r"predictions\.(streams_daily|scores)", sql)
}
PAGE = re.findall(
    r"```sql\n(.*?)```", (ROOT / "docs" / "releases.md").read_text(encoding="utf-8"), re.DOTALL
)
UNTIL = dt.date(2026, 11, 20)
KNOWN = dt.date(2026, 11, 6)
"""Up to then the first download goes: the other two weeks come later."""


@pytest.fixture(scope="module")
def truth() -> list[label.Release]:
    return label.releases(1, UNTIL)[-6:]


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def settings(
    tmp_path_factory: pytest.TempPathFactory,
    truth: list[label.Release],
    patch: pytest.MonkeyPatch,
) -> Settings:
    """A data folder: imported and predicted from, then the days that were predicted came."""
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        patch.delenv(name)
    patch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path_factory.mktemp("label") / "data"))
    patch.setattr(boosting, "is_there", lambda: False)
    settings = Settings()
    [declared, *_] = label_files.files(1, truth, UNTIL)
    settings.inbox.mkdir(parents=True)
    (settings.inbox / declared.name).write_bytes(declared.body)
    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as instance:
        drop(settings.inbox, truth, KNOWN)
        launch.import_releases(instance, settings, []).raise_for_failure()
        launch.predict(instance, settings, train=True).raise_for_failure()
        drop(settings.inbox, truth, UNTIL)
        launch.import_releases(instance, settings, []).raise_for_failure()
    return settings


def drop(inbox: Path, releases: list[label.Release], until: dt.date) -> None:
    """Put timelines into the inbox, as they are downloaded on that day."""
    for release in releases:
        days = [
            f"{day},{count}" for day, count in label_files._told(release) if release.date <= until
        ]
        known = [row for row in days if row[:10] <= str(until)]
        name = f"{label_files._in_name(release.title)}-timeline.csv"
        path = inbox / name
        path.write_text("\n".join(["date,streams", *known]), encoding="utf-8")
        noon = dt.datetime.combine(until, dt.time(12), dt.UTC).timestamp()
        os.utime(path, (noon, noon))


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(settings.database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_release_was_predicted_from_its_last_day_on(
    settings: Settings, truth: list[label.Release]
) -> None:
    told = ask(
        settings,
        "SELECT release_id, predicted_from, count(*), min(days_ahead), max(days_ahead) "
        "FROM predictions.streams_daily WHERE status = 'predicted' GROUP BY ALL ORDER BY ALL",
    )
    assert told == [
        (one.release_id, max(day for day in one.streams if day <= KNOWN), 28, 1, 28)
        for one in truth
    ]


def test_what_was_predicted_is_scored_by_what_the_next_download_says(
    settings: Settings, truth: list[label.Release]
) -> None:
    scored = ask(
        settings, "SELECT release_id, date, streams, predicted, error FROM predictions.scores"
    )
    came = {
        (one.release_id, day): count
        for one in truth
        for day, count in label_files._told(one)
        if KNOWN < day <= UNTIL
    }
    assert {(release_id, day): streams for release_id, day, streams, _, _ in scored} == came
    assert all(
        error == pytest.approx(streams - predicted)  # type: ignore[operator]
        for _, _, streams, predicted, error in scored
    )


def test_the_model_says_what_it_compared_and_why_not_lightgbm(settings: Settings) -> None:
    [(candidates, why_no_lightgbm, is_current, out)] = ask(
        settings,
        "SELECT candidates, why_no_lightgbm, is_current, withdrawn_on FROM predictions.models",
    )
    assert candidates == ["naive", "mean_7", "seasonal_naive"]
    assert (why_no_lightgbm, is_current, out) == (models.NOT_INSTALLED, True, None)
    winners = ask(
        settings,
        "SELECT days_ahead, candidate FROM predictions.evaluations WHERE is_winner ORDER BY ALL",
    )
    assert [ahead for ahead, _ in winners] == [*range(1, 29)]


def test_the_model_is_made_again_from_the_lake_byte_for_byte_after_other_files_came(
    settings: Settings,
) -> None:
    held = stored.newest_model(settings.lake)
    assert held
    until = dt.datetime.fromisoformat(held.facts["files_until"])
    facts, files_until = fitting.facts_of(settings.lake, until)
    panel = tables.label(facts)
    assert panel
    again = models.train(panel, files_until.isoformat(), with_lightgbm=False)
    assert again.text.encode() == stored.model_file(settings.lake, held.version).read_bytes()
    assert models.fingerprint(panel) == held.facts["data"]
    now = tables.label(fitting.facts_of(settings.lake)[0])
    assert now
    assert models.fingerprint(now) != held.facts["data"]


def test_a_second_prediction_from_new_days_leaves_the_first_as_it_was(
    settings: Settings, truth: list[label.Release]
) -> None:
    before = ask(settings, "FROM predictions.streams_daily ORDER BY ALL")
    with launch.instance(settings) as instance:
        launch.predict(instance, settings, train=False).raise_for_failure()
    files = stored.prediction_files(settings.lake)
    done = command.run(["predict"], folder=settings.data_dir, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    for one in truth:
        last = max(day for day, _ in label_files._told(one))
        assert f"{one.title}\t{last}\tpredicted" in done.stdout
    assert "intervals held" in done.stdout
    assert models.NOT_INSTALLED in done.stderr
    assert len(files) == 2
    assert stored.prediction_files(settings.lake) == files
    after = ask(settings, "FROM predictions.streams_daily ORDER BY ALL")
    assert set(before) < set(after)
    assert len(after) == 2 * len(before)


@pytest.mark.parametrize("question", ANSWERS)
def test_each_answer_of_predictions_gives_rows(settings: Settings, question: str) -> None:
    assert ask(settings, ANSWERS[question])


def test_the_sql_of_the_guide_gives_the_newest_prediction_of_each_release(
    settings: Settings, truth: list[label.Release]
) -> None:
    [sql] = [sql for sql in PAGE if "predictions.streams_daily" in sql]
    assert len(ask(settings, sql)) == 28 * len(truth)


def test_a_damaged_model_is_left_out_and_named_until_it_is_mended(settings: Settings) -> None:
    before = ask(settings, "FROM predictions.scores ORDER BY ALL")
    [path] = stored.model_files(settings.lake)
    body, stat = path.read_bytes(), path.stat()
    for wrong in (b"{", b"{}"):
        path.write_bytes(wrong)
        damaged = publish_now(settings).damaged
        assert damaged["table_name"].to_list() == ["predictions.models"]
        assert ask(settings, "FROM predictions.models") == []
    assert ask(settings, "SELECT count(*) FROM star.fact_streams_daily") != [(0,)]
    path.write_bytes(body)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert publish_now(settings).damaged.is_empty()
    assert ask(settings, "FROM predictions.scores ORDER BY ALL") == before


def test_the_schedules_wait_for_files(settings: Settings, tmp_path: Path) -> None:
    empty = settings.model_copy(update={"data_dir": tmp_path})
    for schedule in (schedules.weekly_training, schedules.daily_predictions):
        for given, kind in ((settings, dg.RunRequest), (empty, dg.SkipReason)):
            context = dg.build_schedule_context(resources={"settings": given})
            assert isinstance(schedule(context), kind)


def test_without_a_stream_it_says_what_to_import(tmp_path: Path, settings: Settings) -> None:
    empty = settings.model_copy(update={"data_dir": tmp_path / "none"})
    with pytest.raises(fitting.NothingToLearn, match="import the timelines"):
        fitting.facts_of(empty.lake)
