"""The listening history in Dagster: the inbox, the schedule of polls, and their assets."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from spotify_assets.definitions import defs
from spotify_assets.defs import launch
from spotify_assets.defs.listening import history as listening
from spotify_assets.defs.listening import schedules, sensors
from spotify_assets.lake.history import imported_files
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.tokens import UserToken
from spotify_assets_tests.defs.dagster_runs import stands
from spotify_assets_tests.sources.account_export.samples import NAME, play, zipped

STARTED = dg.DagsterRunStatus.STARTED
NOW = dt.datetime.now(dt.UTC)
SIX_MONTHS = dt.timedelta(days=183)
Tick = dg.RunRequest | dg.SkipReason
Look = Callable[[], Tick]


@pytest.fixture
def inbox(data_dir: Path) -> Path:
    folder = Settings().inbox
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def look(instance: dg.DagsterInstance) -> Look:
    """A turn of the sensor; it remembers what it saw the time before, as in the daemon."""
    cursor: str | None = None

    def evaluate() -> Tick:
        nonlocal cursor
        context = dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"settings": Settings()}
        )
        found = sensors.inbox(context)
        cursor = context.cursor
        assert isinstance(found, Tick)
        return found

    return evaluate


@pytest.fixture
def signed_in(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., None]:
    """Put a sign-in into the token store: ``signed_in(days_ago=3)``."""
    monkeypatch.setenv("SPOTIFY_TOKEN_FILE", str(tmp_path / "token.json"))

    def sign_in(days_ago: int = 0) -> None:
        tokens, at = Settings().user_tokens, NOW - dt.timedelta(days=days_ago)
        kept = UserToken(tokens.connection.client_id, "access", "refresh", at, ("scope",), at, at)
        with tokens.store.locked():
            tokens.store.write(kept)

    return sign_in


def fire(instance: dg.DagsterInstance) -> Tick:
    found = schedules.recently_played(
        dg.build_schedule_context(instance=instance, resources={"settings": Settings()})
    )
    assert isinstance(found, Tick)
    return found


def said(tick: Tick) -> str:
    assert isinstance(tick, dg.SkipReason)
    return str(tick.skip_message)


def run_key(tick: Tick) -> str:
    assert isinstance(tick, dg.RunRequest)
    return str(tick.run_key)


def test_without_an_inbox_nothing_is_imported(data_dir: Path, look: Look) -> None:
    assert said(look()) == f"Nothing that ends in .zip or .json is in {data_dir / 'inbox'}."


def test_a_file_that_is_still_growing_is_not_imported(inbox: Path, look: Look) -> None:
    file = inbox / "export.zip.part"
    file.write_bytes(b"a")
    assert "Nothing that ends in" in said(look())
    renamed = file.rename(inbox / "export.zip")
    assert "has changed" in said(look())
    renamed.write_bytes(b"ab")
    assert "has changed" in said(look())
    assert run_key(look())
    renamed.unlink()
    assert "Nothing that ends in" in said(look())


def test_what_is_no_export_by_its_name_is_let_be(inbox: Path, look: Look) -> None:
    (inbox / ".DS_Store").write_bytes(b"a")
    (inbox / "notes.txt").write_text("Mine")
    assert "Nothing that ends in" in said(look())


def test_what_lies_in_the_inbox_is_asked_for_by_one_key_until_it_changes(
    inbox: Path, look: Look
) -> None:
    zipped(inbox / "one.zip", {NAME: [play()]})
    look()
    # Dagster starts one run a key, however often it is asked for.
    first = run_key(look())
    assert run_key(look()) == first
    zipped(inbox / "two.zip", {NAME: [play(ms_played=40_000)]})
    assert "has changed" in said(look())
    assert run_key(look()) != first


def test_the_run_of_the_inbox_imports_what_lies_in_it_once(
    inbox: Path, look: Look, instance: dg.DagsterInstance
) -> None:
    zipped(inbox / "one.zip", {NAME: [play(), play(ms_played=1)]})
    look()
    assert run_key(look())
    job = defs().resolve_job_def("import_history")
    for new in (1, 0):
        done = job.execute_in_process(instance=instance)
        assert done.success
        read = launch.imported(instance, done.run_id)
        assert (len(read.file_ids), len(read.new), read.refused) == (1, new, [])
    settings = Settings()
    assert imported_files(settings.lake) == read.file_ids
    with duckdb.connect(settings.database, read_only=True) as connection:
        found = connection.execute("SELECT class, count(*) FROM star.plays GROUP BY ALL ORDER BY 1")
        assert found.fetchall() == [("counted", 1), ("short", 1)]


def test_one_table_of_plays_can_be_made_without_the_others(instance: dg.DagsterInstance) -> None:
    wanted = dg.AssetKey(["star", "fact_play"])
    done = (
        defs()
        .resolve_job_def("import_history")
        .execute_in_process(instance=instance, asset_selection=[wanted])
    )
    assert [one.asset_key for one in done.get_asset_materialization_events()] == [wanted]
    assert {one.asset_key for one in done.get_asset_check_evaluations()} == {wanted}


def test_another_inbox_can_be_named(
    data_dir: Path, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTIFY_INBOX_DIR", str(tmp_path / "downloads"))
    assert str(tmp_path / "downloads") in said(look())


@pytest.mark.usefixtures("signed_in")
def test_where_nobody_is_signed_in_nothing_is_polled(instance: dg.DagsterInstance) -> None:
    assert "`spotify-assets login`" in said(fire(instance))


def test_a_sign_in_of_six_months_ago_is_not_used(
    instance: dg.DagsterInstance, signed_in: Callable[..., None]
) -> None:
    signed_in(days_ago=SIX_MONTHS.days)
    assert "`spotify-assets login`" in said(fire(instance))


def test_without_an_app_the_schedule_says_what_to_set(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPOTIFY_SANDBOX_URL")
    assert "SPOTIFY_CLIENT_ID" in said(fire(instance))


def test_who_is_signed_in_is_polled_for_today_one_run_at_a_time(
    instance: dg.DagsterInstance, signed_in: Callable[..., None]
) -> None:
    signed_in()
    tick = fire(instance)
    assert isinstance(tick, dg.RunRequest)
    assert tick.partition_key == dt.datetime.now(dt.UTC).date().isoformat()
    run_id = stands(instance, STARTED, job="poll_plays")
    assert run_id in said(fire(instance))


def test_polls_are_made_as_often_as_is_set() -> None:
    assert schedules.recently_played.cron_schedule == "*/30 * * * *"


def test_a_past_day_cannot_be_asked_for(instance: dg.DagsterInstance) -> None:
    done = dg.materialize(
        [listening.recently_played],
        partition_key="2026-01-02",
        instance=instance,
        resources=defs().resources,
        raise_on_error=False,
    )
    [failure] = done.get_step_failure_events()
    said_of_failure = failure.step_failure_data.user_failure_data
    assert said_of_failure
    assert "and not on 2026-01-02" in str(said_of_failure.description)
