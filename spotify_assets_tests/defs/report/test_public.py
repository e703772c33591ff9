"""The public report follows the DuckDB file, at most once a minute; nothing is public at first."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.defs import at_load
from spotify_assets.defs.report import public
from spotify_assets.settings import Settings
from spotify_assets_tests.defs.dagster_runs import stands

Tick = Callable[[], dg.RunRequest | dg.SkipReason]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as held:
        yield held


@pytest.fixture
def settings(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty, tmp_path / "spotify.duckdb")
    return Settings(SPOTIFY_ASSETS_DATA_DIR=tmp_path, SPOTIFY_PUBLIC_REPORT="topics")


@pytest.fixture
def tick(instance: dg.DagsterInstance, settings: Settings) -> Tick:
    sensor = public.sensor()

    def evaluate() -> dg.RunRequest | dg.SkipReason:
        with dg.build_sensor_context(instance, resources={"settings": settings}) as context:
            found = sensor(context)
            assert isinstance(found, dg.RunRequest | dg.SkipReason)
            return found

    return evaluate


def make(instance: dg.DagsterInstance, settings: Settings) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [public.asset(retry_after_seconds=0.01)],
        instance=instance,
        resources={"settings": settings},
        raise_on_error=False,
    )


def test_each_publication_starts_one_run(
    instance: dg.DagsterInstance, settings: Settings, tick: Tick
) -> None:
    first, again = tick(), tick()
    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    # Dagster starts one run for a key. (Ten minutes may end between the two.)
    assert str(first.run_key).split("/")[1] == str(again.run_key).split("/")[1]
    assert make(instance, settings).success
    assert isinstance(tick(), dg.SkipReason)
    later = time.time() + 5
    os.utime(settings.database, (later, later))
    news = tick()
    assert isinstance(news, dg.RunRequest)
    assert str(news.run_key).split("/")[1] != str(first.run_key).split("/")[1]
    stands(instance, dg.DagsterRunStatus.STARTED, job=public.JOB)
    assert isinstance(tick(), dg.SkipReason)


def test_it_is_looked_at_most_once_a_minute() -> None:
    assert public.sensor().minimum_interval_seconds == 60


def test_before_the_first_publication_nothing_is_made(settings: Settings, tick: Tick) -> None:
    settings.database.unlink()
    assert isinstance(tick(), dg.SkipReason)


def test_the_run_says_where_it_is(instance: dg.DagsterInstance, settings: Settings) -> None:
    [made] = make(instance, settings).asset_materializations_for_node("publish__report")
    page = settings.public_place.folder / "index.html"
    assert made.metadata["places"].value == str(page)
    assert json.loads(page.with_name("report.json").read_text(encoding="utf-8"))[
        "parts"
    ].keys() == {"topics"}
    nothing = settings.model_copy(update={"public_report": ""})
    assert make(instance, nothing).success
    assert not page.exists()


def test_a_warehouse_that_cannot_be_opened_fails_in_words(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    settings.database.write_bytes(b"no database" * 1_000)
    failed = make(instance, settings)
    [event] = failed.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert str(failure.description).startswith("There is nothing to make a report of.")


def test_where_nothing_is_public_dagster_knows_nothing_of_it() -> None:
    assert at_load.AT_LOAD.public_report == ""
    assert not hasattr(public, "report")
    assert not hasattr(public, "report_behind")
