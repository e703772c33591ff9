"""Metrics tell what is on the disk, to anybody who reads Prometheus' text, and nothing private."""

import datetime as dt
import json
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from spotify_assets.lake import GenreDay
from spotify_assets.lake.exchanges import Request
from spotify_assets.operations.alerts import Alerts
from spotify_assets.operations.metrics import SOURCES, as_json, as_text
from spotify_assets.operations.runs import CheckResult, Operations, RunEnded
from spotify_assets.schemas.monitoring import Partitions
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger, Outcome, Purpose
from spotify_assets.sources.spotify_api.tokens import TokenFile, UserToken
from spotify_assets.warehouse.tables import create
from spotify_assets_tests.hostile import NAMES
from spotify_assets_tests.lake.partition_files import write_partition
from spotify_assets_tests.operations.alerts.samples import DOWN, FORRO, ROCK, Paper, incident, opens
from spotify_assets_tests.sources.spotify_api.times import START, SetClock

NOON = dt.datetime.fromtimestamp(START, dt.UTC)
TODAY = NOON.date()
MIDNIGHT = START - 12 * 3600
CLIENT_ID = "0123456789abcdef0123456789abcdef"  # pragma: allowlist secret
SECRET = "a-secret-that-nobody-may-see"  # noqa: S105  # pragma: allowlist secret
SEARCH = Request("search", "search", {"q": "genre:rock"})
ARTISTS = Request("artists", "artists", {"ids": "a"})
RUN = RunEnded("run-1", "catalog", "success", NOON, NOON + dt.timedelta(seconds=90), genre="rock")
COUNTED = replace(RUN, rows_in=200, rows_out=190, quarantined=5)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of an app at Spotify, which these tests do not ask anything."""
    for name in os.environ:
        if name.startswith("SPOTI"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("SPOTIFY_TOKEN_FILE", str(tmp_path / "token.json"))
    monkeypatch.setenv("SPOTIFY_DAILY_BUDGET", "search=600")
    return Settings()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def parsed(text: str) -> dict[str, Metric]:
    """The metrics by name, as Prometheus reads them."""
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(
    settings: Settings, clock: SetClock, name: str, *labels: str
) -> dict[tuple[str, ...] | str, float]:
    """The numbers of a metric, by the values of its labels."""
    family = parsed(as_text(settings, clock)).get(f"spotify_assets_{name}")
    samples = [] if family is None else family.samples
    assert all(set(sample.labels) == set(labels) for sample in samples)
    found = [(tuple(one.labels[label] for label in labels), one.value) for one in samples]
    return {key[0] if len(key) == 1 else key: value for key, value in found}


def fill(settings: Settings, clock: SetClock) -> None:
    """Something in every file that metrics are read from."""
    failed = CheckResult(NOON, "run-1", "processed.tracks", "contract", passed=False)
    Operations(settings.operations).record(COUNTED, [failed])
    Alerts(settings.operations).observe("run_failure", [ROCK, FORRO])
    with closing(Ledger(settings.ledger)) as ledger:
        app, now = settings.connection.app, clock.now()
        call = ledger.enter(app, "spotify", SEARCH, Purpose("run-1"), now)
        ledger.settle(call, Outcome(5, status=200), now)
        ledger.block(app, "artists", 600, "QUOTA_EXCEEDED", now)
        ledger.learn_mode(app, "development", "search refuses pages of 50", now, is_sure=True)
    add_day(settings, GenreDay("rock", TODAY))
    settings.database.write_bytes(b"12345")
    TokenFile(settings.token_file or Path()).write(signed_in(NOON))


def add_day(settings: Settings, day: GenreDay) -> None:
    write_partition(settings.lake, "star.fact_track_daily", day, pl.DataFrame({"rank": [1]}))


def signed_in(at: dt.datetime) -> UserToken:
    return UserToken(CLIENT_ID, SECRET, SECRET, at, (), at, at)


def test_where_nothing_is_there_nothing_is_told_and_nothing_is_made(
    settings: Settings, clock: SetClock
) -> None:
    told = values(settings, clock, "source_readable", "source")

    assert told == dict.fromkeys(SOURCES, 1)
    assert set(parsed(as_text(settings, clock))) == {"spotify_assets_source_readable"}
    assert not settings.data_dir.exists()


def test_a_prometheus_parser_reads_every_metric_with_its_type_and_help(
    settings: Settings, clock: SetClock
) -> None:
    fill(settings, clock)

    families = parsed(as_text(settings, clock))

    assert {name.removeprefix("spotify_assets_") for name in families} == {
        "runs",
        "last_run_end_timestamp_seconds",
        "last_run_duration_seconds",
        "last_run_rows_in",
        "last_run_rows_out",
        "last_run_rows_quarantined",
        "checks_failed",
        "open_incidents",
        "undelivered_alerts",
        "app_info",
        "requests_last_30_seconds",
        "requests_last_24_hours",
        "requests_budget_24_hours",
        "blocked_until_timestamp_seconds",
        "last_complete_day_timestamp_seconds",
        "warehouse_bytes",
        "sign_in_days_left",
        "source_readable",
    }
    assert all(family.samples and family.documentation for family in families.values())
    assert {name for name, one in families.items() if one.type == "counter"} == {
        "spotify_assets_runs"
    }


def test_no_label_is_one_that_prometheus_keeps_for_itself(
    settings: Settings, clock: SetClock
) -> None:
    fill(settings, clock)
    labels = {label for one in as_json(settings, clock)["metrics"] for label in one["labels"]}
    assert "dagster_job" in labels
    assert not labels & {"job", "instance"}


def test_nothing_private_is_told(settings: Settings, clock: SetClock) -> None:
    fill(settings, clock)
    told = as_text(settings, clock) + json.dumps(as_json(settings, clock))
    for private in (CLIENT_ID, SECRET, settings.connection.app, str(settings.data_dir.resolve())):
        assert private not in told


def test_runs_are_told_by_job_and_status_with_the_end_and_length_of_the_last(
    settings: Settings, clock: SetClock
) -> None:
    operations = Operations(settings.operations)
    later = NOON + dt.timedelta(hours=1)
    for run in (
        RUN,
        replace(RUN, run_id="run-2", status="failure", started_at=later, ended_at=later),
        replace(RUN, run_id="run-3", job="publish"),
    ):
        operations.record(run)

    assert values(settings, clock, "runs", "dagster_job", "status") == {
        ("catalog", "success"): 1,
        ("catalog", "failure"): 1,
        ("publish", "success"): 1,
    }
    ends = values(settings, clock, "last_run_end_timestamp_seconds", "dagster_job")
    assert ends == {"catalog": START + 3600, "publish": START + 90}
    lengths = values(settings, clock, "last_run_duration_seconds", "dagster_job")
    assert lengths == {"catalog": 0, "publish": 90}


def test_rows_are_told_of_the_last_run_of_each_genre_that_counted_them(
    settings: Settings, clock: SetClock
) -> None:
    operations = Operations(settings.operations)
    operations.record(COUNTED)
    operations.record(replace(RUN, run_id="run-2", ended_at=NOON + dt.timedelta(hours=1)))
    operations.record(replace(COUNTED, run_id="run-3", genre="forró", quarantined=None))

    rows = {
        what: values(settings, clock, f"last_run_rows_{what}", "genre")
        for what in ("in", "out", "quarantined")
    }

    assert rows == {
        "in": {"rock": 200, "forró": 200},
        "out": {"rock": 190, "forró": 190},
        "quarantined": {"rock": 5},
    }


def test_a_parser_reads_every_hostile_genre_back_as_it_is(
    settings: Settings, clock: SetClock
) -> None:
    operations = Operations(settings.operations)
    genres = [*NAMES, 'a "quoted" one', "back\\slash", "end\\", 'x"} 1\nforged{genre="y']
    for number, genre in enumerate(genres):
        operations.record(replace(COUNTED, run_id=f"run-{number}", genre=genre))

    assert values(settings, clock, "last_run_rows_in", "genre") == dict.fromkeys(genres, 200)
    assert "forged" not in parsed(as_text(settings, clock))


def test_checks_are_told_with_the_partitions_that_fail(settings: Settings, clock: SetClock) -> None:
    failed = CheckResult(NOON, "run-1", "star.dim_date", "integrity", passed=False)
    passed = replace(failed, check_name="contract", passed=True)
    Operations(settings.operations).record(RUN, [failed, passed])
    assert values(settings, clock, "checks_failed", "asset", "check") == {
        ("star.dim_date", "integrity"): 1,
        ("star.dim_date", "contract"): 0,
    }


def test_incidents_are_told_by_kind_and_messages_by_what_becomes_of_them(
    settings: Settings, clock: SetClock
) -> None:
    alerts = Alerts(settings.operations, [Paper(trouble=DOWN)])
    alerts.observe("run_failure", [ROCK, FORRO])
    opens(alerts, incident("rock", "late_data"))
    alerts.deliver()

    told = values(settings, clock, "open_incidents", "kind")

    assert {kind: number for kind, number in told.items() if number} == {
        "run_failure": 2,
        "late_data": 1,
    }
    assert told["check_failure"] == 0
    undelivered = values(settings, clock, "undelivered_alerts", "status")
    assert undelivered == {"waiting": 1, "failed": 0}


def test_requests_are_told_by_family_with_the_budget(settings: Settings, clock: SetClock) -> None:
    with closing(Ledger(settings.ledger)) as ledger:
        app = settings.connection.app
        for request in (SEARCH, ARTISTS, SEARCH):
            call = ledger.enter(app, "spotify", request, Purpose(), clock.now())
            ledger.settle(call, Outcome(5, status=200), clock.now())
            clock.advance(60 if request is ARTISTS else 0)
        ledger.enter("another app", "spotify", SEARCH, Purpose(), clock.now())

    in_window = values(settings, clock, "requests_last_30_seconds", "family")
    assert in_window == {"search": 1, "artists": 0}
    in_day = values(settings, clock, "requests_last_24_hours", "family")
    assert in_day == {"search": 2, "artists": 1}
    assert values(settings, clock, "requests_budget_24_hours", "family") == {"search": 600}


def test_blocks_are_told_with_when_they_end(settings: Settings, clock: SetClock) -> None:
    with closing(Ledger(settings.ledger)) as ledger:
        ledger.block(settings.connection.app, "search", 600, "QUOTA_EXCEEDED", clock.now())
        ledger.block(settings.connection.app, "*", 20, "Too many requests", clock.now())
    clock.advance(15)

    told = values(settings, clock, "blocked_until_timestamp_seconds", "family")
    assert told == {"search": pytest.approx(START + 600), "all": pytest.approx(START + 20)}

    clock.advance(15)
    told = values(settings, clock, "blocked_until_timestamp_seconds", "family")
    assert told == {"search": pytest.approx(START + 600)}


def test_the_mode_is_told_once_it_is_known(settings: Settings, clock: SetClock) -> None:
    with closing(Ledger(settings.ledger)) as ledger:
        told = values(settings, clock, "app_info", "source", "mode")
        assert told == {("spotify", "unknown"): 1}

        app = settings.connection.app
        ledger.learn_mode(
            app, "development", "objects have no popularity", clock.now(), is_sure=True
        )

        told = values(settings, clock, "app_info", "source", "mode")
        assert told == {("spotify", "development"): 1}


def test_without_credentials_there_is_no_app_to_tell_of(
    settings: Settings, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(settings, clock)
    monkeypatch.delenv("SPOTIFY_CLIENT_ID")

    told = values(Settings(), clock, "source_readable", "source")

    assert told == dict.fromkeys(SOURCES, 1)
    assert values(Settings(), clock, "app_info", "source", "mode") == {}
    assert values(Settings(), clock, "sign_in_days_left") == {}
    assert values(Settings(), clock, "warehouse_bytes") == {(): 5}


def test_freshness_is_the_begin_of_the_last_complete_day_of_each_genre(
    settings: Settings, clock: SetClock
) -> None:
    for genre, days_ago in (("rock", 0), ("rock", 1), ("hip hop", 2)):
        add_day(settings, GenreDay(genre, TODAY - dt.timedelta(days=days_ago)))
    told = values(settings, clock, "last_complete_day_timestamp_seconds", "genre")
    assert told == {"rock": MIDNIGHT, "hip hop": MIDNIGHT - 2 * 24 * 3600}


def test_where_a_day_is_published_its_freshness_is_that_of_the_file(
    settings: Settings, clock: SetClock
) -> None:
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(settings.database) as published:
        create(published, [Partitions])
        row = "'star.fact_track_daily', 'rock', $today, 'a file', 1, 'a hash'"
        published.execute(f"INSERT INTO monitoring.partitions VALUES ({row})", {"today": TODAY})
    add_day(settings, GenreDay("hip hop", TODAY))
    told = values(settings, clock, "last_complete_day_timestamp_seconds", "genre")
    assert told == {"rock": MIDNIGHT}

    elsewhere = settings.model_copy(update={"publish_after_collecting": False})
    told = values(elsewhere, clock, "last_complete_day_timestamp_seconds", "genre")
    assert told == {"hip hop": MIDNIGHT}


def test_the_days_left_of_a_sign_in_are_told_down_to_none(
    settings: Settings, clock: SetClock
) -> None:
    store = TokenFile(settings.token_file or Path())
    store.write(signed_in(NOON - dt.timedelta(days=180)))
    assert values(settings, clock, "sign_in_days_left") == {(): 2}

    store.write(replace(signed_in(NOON), is_dead=True))
    assert values(settings, clock, "sign_in_days_left") == {(): 0}


@pytest.mark.parametrize(
    ("file", "sources"),
    [("operations.sqlite", {"runs", "alerts"}), ("ledger.sqlite", {"ledger"})],
)
def test_a_damaged_file_is_told_and_hides_nothing_else(
    settings: Settings,
    clock: SetClock,
    caplog: pytest.LogCaptureFixture,
    file: str,
    sources: set[str],
) -> None:
    fill(settings, clock)
    (settings.data_dir / file).write_bytes(b"no database " * 1000)

    told = values(settings, clock, "source_readable", "source")

    assert {source for source, readable in told.items() if not readable} == sources
    assert file in caplog.text
    assert values(settings, clock, "warehouse_bytes") == {(): 5}


def test_the_json_says_the_same_as_the_text(settings: Settings, clock: SetClock) -> None:
    fill(settings, clock)

    said = as_json(settings, clock)

    assert said["at"] == "2025-11-20T12:00:00+00:00"
    in_text = [
        (sample.name, sample.labels, sample.value)
        for family in parsed(as_text(settings, clock)).values()
        for sample in family.samples
    ]
    in_json = [(one["name"], one["labels"], one["value"]) for one in said["metrics"]]
    assert in_json == in_text
