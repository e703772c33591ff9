"""The user's database follows the DuckDB file, and never stands in its way."""

import datetime as dt
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest
from pydantic import SecretStr

from spotify_assets.defs import at_load
from spotify_assets.defs.checks import DATABASE
from spotify_assets.defs.databases import target
from spotify_assets.defs.failures import KIND
from spotify_assets.settings import Settings
from spotify_assets.warehouse.databases import cloud
from spotify_assets_tests.defs.dagster_runs import stands
from spotify_assets_tests.warehouse.databases.conftest import Become
from spotify_assets_tests.warehouse.databases.postgresql.conftest import Ask

NOBODY = "postgresql://u:p@127.0.0.1:1/x"
Tick = Callable[[], dg.RunRequest | dg.SkipReason]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as held:
        yield held


@pytest.fixture
def settings(database: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(database.parent)
    return Settings(SPOTIFY_ASSETS_DATA_DIR=database.parent, SPOTIFY_PUBLISH_URL=NOBODY)


@pytest.fixture
def tick(instance: dg.DagsterInstance, settings: Settings) -> Tick:
    sensor = target.sensor(late_hours=6)

    def evaluate() -> dg.RunRequest | dg.SkipReason:
        with dg.build_sensor_context(instance, resources={"settings": settings}) as context:
            found = sensor(context)
            assert isinstance(found, dg.RunRequest | dg.SkipReason)
            return found

    return evaluate


def bring(
    instance: dg.DagsterInstance, settings: Settings, url: SecretStr | None
) -> dg.ExecuteInProcessResult:
    set_to = settings.model_copy(update={"publish_url": url})
    return dg.materialize(
        [target.asset(late_hours=6, retry_after_seconds=0.01)],
        instance=instance,
        resources={"settings": set_to},
        raise_on_error=False,
    )


def attempts(result: dg.ExecuteInProcessResult) -> int:
    return 1 + sum(e.event_type_value == "STEP_RESTARTED" for e in result.all_events)


def compared(instance: dg.DagsterInstance, ago: dt.timedelta) -> None:
    at = dt.datetime.now(dt.UTC) - ago
    made = dg.AssetMaterialization(target.TARGET, metadata={target.COMPARED_AT: at.timestamp()})
    instance.report_runless_asset_event(made)


def published(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(DATABASE))


def test_it_brings_what_changed_and_says_what(
    instance: dg.DagsterInstance, settings: Settings, url: SecretStr, become: Become, ask: Ask
) -> None:
    first = bring(instance, settings, url)
    become("grown")
    second = bring(instance, settings, url)
    assert first.success
    assert second.success
    [made] = second.asset_materializations_for_node("publish__database")
    assert made.metadata["slices"].value != 0
    assert made.metadata["statements of a migration"].value == 0
    assert ask("SELECT max(date)::text FROM gold.dim_date") == [("2026-11-19",)]


def test_what_may_pass_is_tried_again_and_the_duckdb_file_is_not_touched(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    before = settings.database.stat().st_mtime_ns
    failed = bring(instance, settings, SecretStr(NOBODY))
    assert not failed.success
    assert attempts(failed) == 4
    assert settings.database.stat().st_mtime_ns == before


def test_what_somebody_has_to_change_first_is_not_tried_again(
    instance: dg.DagsterInstance, settings: Settings, url: SecretStr
) -> None:
    nowhere = SecretStr(url.get_secret_value() + "_of_nobody")
    failed = bring(instance, settings, nowhere)
    assert attempts(failed) == 1
    [event] = failed.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert failure.metadata[KIND].value == "permanent"
    assert "create it" in str(failure.description)


def test_each_publication_starts_one_run(instance: dg.DagsterInstance, tick: Tick) -> None:
    compared(instance, ago=dt.timedelta(minutes=1))
    assert isinstance(tick(), dg.SkipReason)
    published(instance)
    first, second = tick(), tick()
    assert isinstance(first, dg.RunRequest)
    assert isinstance(second, dg.RunRequest)
    # Dagster starts one run for a key. (Ten minutes may end between the two.)
    assert str(first.run_key).split("/")[1] == str(second.run_key).split("/")[1]
    stands(instance, dg.DagsterRunStatus.STARTED, job="publish_to_database")
    assert isinstance(tick(), dg.SkipReason)


def test_what_was_published_while_it_was_compared_is_news(
    instance: dg.DagsterInstance, tick: Tick
) -> None:
    published(instance)
    compared(instance, ago=dt.timedelta(minutes=1))
    assert isinstance(tick(), dg.RunRequest)


def test_without_news_it_is_looked_before_anybody_calls_it_late(
    instance: dg.DagsterInstance, tick: Tick
) -> None:
    compared(instance, ago=dt.timedelta(hours=2.9))
    assert isinstance(tick(), dg.SkipReason)
    compared(instance, ago=dt.timedelta(hours=3.1))
    assert isinstance(tick(), dg.RunRequest)


def loaded_with(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as Dagster loads it where these are the settings."""
    monkeypatch.setattr(at_load, "AT_LOAD", settings)
    spec = importlib.util.spec_from_file_location("with_a_database", target.__file__)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_it_is_there_only_where_a_database_is_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not hasattr(target, "database")
    found = dg.load_definitions_from_modules([loaded_with(settings, monkeypatch)])
    [asset] = found.assets or []
    assert isinstance(asset, dg.AssetsDefinition)
    policy = asset.get_asset_spec(target.TARGET).freshness_policy
    assert isinstance(policy, dg.FreshnessPolicy)
    assert [one.name for one in found.sensors or []] == ["database_behind"]
    dg.Definitions.validate_loadable(
        dg.Definitions.merge(found, dg.Definitions(resources={"settings": settings}))
    )


@pytest.mark.parametrize("service", [cloud.BigQuery, cloud.Snowflake, cloud.Redshift])
def test_where_there_is_a_script_only_it_is_not_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, service: type[cloud.CloudWarehouse]
) -> None:
    """Each of its runs would fail: nothing connects to these services."""
    of_service = settings.model_copy(update={"publish_url": SecretStr(service.example)})
    loaded = loaded_with(of_service, monkeypatch)
    assert not {"database", "publish_to_database", "database_behind"} & set(vars(loaded))
