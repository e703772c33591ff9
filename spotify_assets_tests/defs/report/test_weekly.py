"""The report goes out once a week, is tried again where that can help, and to nobody at first."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from spotify_assets.defs import at_load
from spotify_assets.defs.report import weekly
from spotify_assets.settings import Settings
from spotify_assets_tests.operations.alerts.servers import HOST, Mailbox, free_port, mail_server

ANA = "ana@example.com"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as held:
        yield held


@pytest.fixture
def settings(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    shutil.copy(filled, tmp_path / "spotify.duckdb")
    return Settings(
        SPOTIFY_ASSETS_DATA_DIR=tmp_path,
        SPOTIFY_SMTP_HOST=HOST,
        SPOTIFY_SMTP_PORT=free_port(),
        SPOTIFY_SMTP_TLS="none",
        SPOTIFY_ALERT_FROM="warehouse@example.com",
        SPOTIFY_REPORT_TO=f"{ANA}, bia@example.com",
        SPOTIFY_REPORT_PARTS="releases",
    )


def send(instance: dg.DagsterInstance, settings: Settings) -> dg.ExecuteInProcessResult:
    return weekly.job(retry_after_seconds=0.01).execute_in_process(
        instance=instance,
        tags={weekly.WEEK: "2026-W48"},
        resources={"settings": settings},
        raise_on_error=False,
    )


def why(result: dg.ExecuteInProcessResult) -> tuple[str, int]:
    """What it failed by, and after how many attempts."""
    [event] = result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    attempts = 1 + sum(e.event_type_value == "STEP_RESTARTED" for e in result.all_events)
    return str(failure.description), attempts


def test_the_run_sends_the_mail_of_its_week(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox, settings.smtp_port):
        assert send(instance, settings).success
    [got] = mailbox.mails
    assert got["Message-ID"] == "<report-2026-W48@example.com>"
    assert mailbox.envelopes[0].rcpt_tos == [ANA, "bia@example.com"]
    assert "Falésia" in got.as_bytes().decode(errors="replace") or "Falésia" in "".join(
        str(part.get_content()) for part in got.iter_parts()
    )


def test_a_server_that_is_down_is_tried_again(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    said, attempts = why(send(instance, settings))
    assert "Check SPOTIFY_SMTP_HOST" in said
    assert attempts == 4


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("report_to", "needs SPOTIFY_SMTP_HOST, SPOTIFY_ALERT_FROM and SPOTIFY_REPORT_TO"),
        ("alert_from", "needs SPOTIFY_SMTP_HOST, SPOTIFY_ALERT_FROM and SPOTIFY_REPORT_TO"),
        ("report_parts", "set SPOTIFY_REPORT_PARTS"),
    ],
)
def test_a_setting_that_lacks_is_named_and_not_tried_again(
    instance: dg.DagsterInstance, settings: Settings, field: str, said: str
) -> None:
    empty = settings.model_copy(update={field: "" if field == "report_parts" else None})
    told, attempts = why(send(instance, empty))
    assert said in told
    assert attempts == 1


def test_it_is_asked_for_once_a_week(instance: dg.DagsterInstance) -> None:
    schedule = weekly.schedule(weekly.job())
    keys = []
    for day in (dt.datetime(2026, 11, 23, 7), dt.datetime(2026, 11, 30, 7)):  # noqa: DTZ001
        at = day.replace(tzinfo=dt.UTC)
        with dg.build_schedule_context(instance, scheduled_execution_time=at) as context:
            asked = schedule.evaluate_tick(context).run_requests or []
        keys += [(one.run_key, one.tags[weekly.WEEK]) for one in asked]
    assert keys == [("report/2026-W48", "2026-W48"), ("report/2026-W49", "2026-W49")]
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_where_nobody_is_to_get_it_dagster_knows_nothing_of_it() -> None:
    assert at_load.AT_LOAD.report_to is None
    assert not hasattr(weekly, "mail_report")


def test_a_mail_server_for_the_report_alone_is_no_channel_of_alerts(settings: Settings) -> None:
    assert settings.alert_channels == []
    assert list(settings.report_email.recipients) == [ANA, "bia@example.com"]
