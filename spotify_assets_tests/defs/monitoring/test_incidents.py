import datetime as dt
import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from spotify_assets.defs.monitoring import incidents, sensors
from spotify_assets.defs.partitions import PartitionRange, key_of
from spotify_assets.defs.predictions import fitting
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake import DamagedFile, GenreDay
from spotify_assets.lake import predictions as stored
from spotify_assets.lake.raw import RawPartition
from spotify_assets.learning.releases import models, tables
from spotify_assets.operations.alerts import Alerts, Incident
from spotify_assets.operations.runs import CheckResult, Operations, RunEnded, Status
from spotify_assets.schemas.predictions import StreamsDaily
from spotify_assets.settings import Settings
from spotify_assets.sources import release_files
from spotify_assets.sources.spotify_api.budget import Budget
from spotify_assets.sources.spotify_api.errors import Blocked, BudgetSpent
from spotify_assets.sources.spotify_api.ledger import Ledger
from spotify_assets.storage.clock import Clock
from spotify_assets.storage.errors import FailureKind
from spotify_assets_tests.conftest import Run
from spotify_assets_tests.defs.conftest import Genres
from spotify_assets_tests.defs.dagster_runs import stands
from spotify_assets_tests.lake.partition_files import rows_file

DAY = dt.date(2026, 11, 20)
TRACKS = dg.AssetKey(["processed", "tracks"])
Look = Callable[[], dict[str, Incident]]
numbers = count()


@pytest.fixture
def look(instance: dg.DagsterInstance, genres: Genres) -> Look:
    """Observe once; returns what is wrong by its key."""
    genres("rock", "samba")

    def observe() -> dict[str, Incident]:
        settings = Settings()
        incidents.observe(instance, settings, [TRACKS])
        return {one.key: one for one in Alerts(settings.operations).open_incidents()}

    return observe


def ended(
    status: Status,
    genre: str = "rock",
    day: dt.date = DAY,
    job: str = "catalog",
    failure: str | None = None,
    ago: dt.timedelta = dt.timedelta(hours=1),
    days: int = 1,
    kind: FailureKind | None = None,
    damaged: Sequence[Path] = (),
) -> None:
    """A run of a genre's days is over."""
    # Later runs end later.
    number = next(numbers)
    at = dt.datetime.now(dt.UTC) - ago + dt.timedelta(milliseconds=number)
    last = day + dt.timedelta(days=days - 1)
    Operations(Settings().operations).record(
        RunEnded(
            run_id=f"run-{number}",
            job=job,
            status=status,
            started_at=at,
            ended_at=at,
            partition=f"{day}|{genre}" if days == 1 else f"{day}|{genre}...{last}|{genre}",
            genre=genre,
            first_date=day,
            last_date=last,
            failure=failure,
            failure_kind=kind,
            damaged_files=json.dumps([Settings().lake.relative(one) for one in damaged]),
        )
    )


def checked(
    passed: bool,
    check: str = "reconciles",
    genre: str = "rock",
    day: dt.date = DAY,
    details: dict[str, object] | None = None,
) -> None:
    """A check of a genre-day was evaluated in a run that succeeded."""
    number = next(numbers)
    now = dt.datetime.now(dt.UTC)
    result = CheckResult(
        now,
        f"run-{number}",
        "processed.tracks",
        check,
        passed=passed,
        genre=genre,
        date=day,
        details=json.dumps(details or {}),
    )
    run = RunEnded(f"run-{number}", "data_quality", "success", now, now)
    Operations(Settings().operations).record(run, [result])


def test_where_nothing_happened_nothing_is_wrong(look: Look) -> None:
    assert look() == {}


def test_a_failed_run_is_one_incident_however_often_it_is_looked_at(look: Look) -> None:
    ended("failure", failure="raw__catalog: no such host")
    for _ in range(3):
        [found] = look().values()
    assert found.key == "run_failure/catalog/2026-11-20|rock"
    assert "no such host" in found.body
    assert found.link == f"http://127.0.0.1:3000/runs/run-{next(numbers) - 1}"


def test_two_failures_of_a_genre_day_are_one_incident_of_the_last_reason(look: Look) -> None:
    ended("failure", failure="the first")
    ended("failure", failure="the second")
    [found] = look().values()
    assert "the second" in found.body


@pytest.mark.parametrize("job", ["catalog", "reprocess"])
def test_a_success_of_the_genre_day_closes_it_whichever_job_made_it(look: Look, job: str) -> None:
    ended("failure")
    assert look()
    ended("success", job=job)
    assert look() == {}


def test_a_success_of_another_genre_or_day_closes_nothing(look: Look) -> None:
    ended("failure")
    ended("success", genre="samba")
    ended("success", day=DAY - dt.timedelta(days=1))
    assert list(look()) == ["run_failure/catalog/2026-11-20|rock"]


def test_a_range_that_failed_is_over_when_each_of_its_days_was_made(look: Look) -> None:
    ended("failure", job="reprocess", days=3)
    ended("success", job="reprocess", days=2)
    assert list(look()) == ["run_failure/reprocess/2026-11-20|rock...2026-11-22|rock"]
    ended("success", day=DAY + dt.timedelta(days=2))
    assert look() == {}


def test_a_success_before_the_failure_closes_nothing(look: Look) -> None:
    ended("success")
    ended("failure")
    assert list(look()) == ["run_failure/catalog/2026-11-20|rock"]


def test_a_failure_of_days_ago_is_no_news(look: Look) -> None:
    ended("failure", ago=dt.timedelta(days=4))
    assert look() == {}


def test_a_cancelled_run_is_no_incident(look: Look) -> None:
    ended("canceled")
    assert look() == {}


def test_a_blocked_run_is_no_incident_but_the_block_is_one_while_it_lasts(look: Look) -> None:
    settings = Settings()
    connection = settings.connection
    with closing(Ledger(settings.ledger)) as ledger:
        budget = Budget(ledger, connection.app, connection.source, settings.limits, Clock())
        with pytest.raises(Blocked) as blocked:
            budget.refused("search", 85_771, "QUOTA_EXCEEDED", is_quota=True)
    ended("failure", failure=str(blocked.value), kind=blocked.value.kind)
    for _ in range(2):
        [found] = look().values()
    assert (found.key, found.kind, found.severity) == ("quota/search", "quota_block", "warning")
    assert f"until {blocked.value.until:%Y-%m-%d %H:%M} UTC" in found.title


def test_a_damaged_file_that_kept_runs_from_their_end_is_one_incident_until_its_day_is_made(
    look: Look,
) -> None:
    genre_day = GenreDay("r&b", DAY)
    file = Settings().lake.partition("star.fact_track_daily", genre_day) / "rows.parquet"
    for job in ("catalog", "reprocess"):
        error = DamagedFile(file, "written", "Make it again.")
        ended("failure", genre="r&b", job=job, failure=str(error), kind=error.kind, damaged=[file])

    [found] = look().values()

    assert found.key == (
        "damaged_file/lake/star/fact_track_daily/genre=r%26b/date=2026-11-20/rows.parquet"
    )
    assert "spotify-assets backfill --genre 'r&b' --date 2026-11-20" in found.body
    assert str(found.link).endswith(f"run-{next(numbers) - 1}")
    ended("success", genre="r&b", job="reprocess")
    assert look() == {}


@pytest.mark.slow
@pytest.mark.end_to_end
def test_a_damaged_table_of_another_day_is_an_incident_and_the_run_of_its_own_day_succeeds(
    look: Look, run: Run
) -> None:
    assert run("rock", DAY, artists=2, tracks=2).failure is None
    file = rows_file(Settings().lake, "processed.tracks", GenreDay("rock", DAY))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    # What is published is not read again; what is made again is.
    Settings().database.unlink()

    assert run("rock", DAY - dt.timedelta(days=1), artists=2, tracks=2).failure is None

    [found] = look().values()
    assert found.key == f"damaged_file/lake/{Settings().lake.relative(file)}"
    assert "The warehouse is without it" in found.body
    assert "spotify-assets backfill --genre rock --date 2026-11-20" in found.body
    with duckdb.connect(Settings().database, read_only=True) as connection:
        days = connection.sql("SELECT DISTINCT date FROM processed.tracks ORDER BY 1").fetchall()
    assert days == [(DAY - dt.timedelta(days=1),)]

    file.write_bytes(whole)
    publish_now(Settings())
    assert look() == {}


@pytest.mark.end_to_end
def test_a_run_that_meets_a_damaged_raw_file_is_an_incident_of_that_file(
    look: Look, run: Run
) -> None:
    assert run("rock", DAY, artists=2, tracks=2).failure is None
    sealed = RawPartition(Settings().lake, GenreDay("rock", DAY)).latest()
    assert sealed
    sealed.path.write_bytes(sealed.path.read_bytes()[:-1])

    assert run("rock", DAY).failure

    key = f"damaged_file/lake/{sealed.source_file}"
    assert {one.key: one.kind for one in look().values()} == {key: "damaged_file"}


def test_a_spent_budget_is_no_incident(look: Look) -> None:
    spent = BudgetSpent("search", dt.datetime.now(dt.UTC), 600)
    ended("failure", failure=str(spent), kind=spent.kind)
    assert look() == {}


def test_a_failing_check_is_an_incident_until_it_passes(look: Look) -> None:
    checked(passed=False, details={"unreconciled": 3})
    [found] = look().values()
    assert found.key == "check_failure/processed.tracks.reconciles/2026-11-20|rock"
    assert found.body.startswith("unreconciled: 3\n\n")
    checked(passed=True)
    assert look() == {}


def test_what_a_check_found_is_told_in_words_and_not_as_json(look: Look) -> None:
    rows = "```\nshape: (1, 1)\n{a} [b]\n```"
    checked(
        passed=False,
        details={"share": 0.25, "lost": 3, "first": rows, "by partition": [{"genre": "rock"}]},
    )
    [found] = look().values()
    told, _, _ = found.body.partition("\n\nDo not trust")
    assert told == "share: 0.25\nlost: 3\nfirst: \nshape: (1, 1)\n{a} [b]"


def test_a_good_evaluation_of_a_newer_day_closes_it_and_one_of_an_older_does_not(
    look: Look,
) -> None:
    checked(passed=False)
    checked(passed=True, day=DAY - dt.timedelta(days=1))
    checked(passed=True, genre="samba", day=DAY + dt.timedelta(days=1))
    assert len(look()) == 1
    checked(passed=True, day=DAY + dt.timedelta(days=1))
    assert look() == {}


def test_a_drop_says_how_many_tracks_there_are_and_were(look: Look) -> None:
    checked(passed=False, check="drop", details={"value": 40.0, "usual": 100.0})
    [found] = look().values()
    assert (found.key, found.kind) == ("rows_drop/rock", "rows_drop")
    assert found.title == "rock has 40 rows on 2026-11-20, usually 100"


def test_that_a_genre_is_late_is_over_when_it_is_taken_off_the_list(
    look: Look, genres: Genres
) -> None:
    checked(passed=False, check="days_late", details={"value": 5.0, "usual": None})
    assert len(look()) == 1
    genres("samba")
    assert look() == {}


def test_an_asset_that_dagster_calls_late_is_an_incident_until_it_is_fresh(
    look: Look, instance: dg.DagsterInstance
) -> None:
    def turns(state: FreshnessState) -> None:
        instance._report_runless_asset_event(
            FreshnessStateChange(
                key=TRACKS,
                new_state=state,
                previous_state=FreshnessState.UNKNOWN,
                state_change_timestamp=dt.datetime.now(dt.UTC).timestamp(),
            )
        )

    turns(FreshnessState.FAIL)
    [found] = look().values()
    assert (found.key, found.title) == ("late/processed/tracks", "processed.tracks is late")
    turns(FreshnessState.PASS)
    assert look() == {}


def test_the_sensor_says_how_many_incidents_are_open(
    look: Look, instance: dg.DagsterInstance, repository: dg.RepositoryDefinition
) -> None:
    ended("failure")
    context = dg.build_sensor_context(
        instance=instance, repository_def=repository, resources={"settings": Settings()}
    )
    assert sensors.alerts(context) == dg.SkipReason("1 incidents are open; 0 messages sent.")


def backfilled(instance: dg.DagsterInstance, asked: list[GenreDay], status: str) -> None:
    """A backfill of a job has ended, an hour after it began."""
    now = dt.datetime.now(dt.UTC).timestamp()
    instance.add_backfill(
        PartitionBackfill(
            backfill_id="abcdefgh",
            status=BulkActionStatus(status),
            from_failure=False,
            tags={},
            backfill_timestamp=now - 3600,
            backfill_end_timestamp=now,
            partition_names=[str(key_of(day)) for day in asked],
        )
    )


@pytest.mark.parametrize("status", ["COMPLETED_SUCCESS", "COMPLETED_FAILED"])
def test_what_an_ended_backfill_started_no_run_for_is_told_until_it_is_made(
    look: Look, instance: dg.DagsterInstance, status: str
) -> None:
    days = [DAY - dt.timedelta(days=back) for back in (2, 1, 0)]
    backfilled(
        instance, [GenreDay(genre, day) for genre in ("rock", "r&b") for day in days], status
    )
    of_it = {"dagster/backfill": "abcdefgh"}
    rock = PartitionRange(("rock",), days[0], days[-1]).tags
    # Whether a run of it succeeded, Dagster says of the backfill, and another alert of the run.
    stands(instance, dg.DagsterRunStatus.FAILURE, job="reprocess", tags={**rock, **of_it})
    stands(instance, dg.DagsterRunStatus.SUCCESS, GenreDay("r&b", days[0]), tags=of_it)

    [found] = look().values()
    assert found.title == "The backfill abcdefgh left out 2 genre-days"
    assert f"  spotify-assets backfill --genre 'r&b' --date {days[1]}..{days[2]}" in found.body
    assert found.link == "http://127.0.0.1:3000/runs/b/abcdefgh"

    stands(
        instance, dg.DagsterRunStatus.SUCCESS, tags=PartitionRange(("r&b",), days[1], days[2]).tags
    )
    assert look() == {}


@pytest.mark.parametrize("status", ["REQUESTED", "CANCELING", "CANCELED", "FAILED"])
def test_a_backfill_that_goes_on_or_that_says_itself_that_it_did_not_end_left_nothing_out(
    look: Look, instance: dg.DagsterInstance, status: str
) -> None:
    backfilled(instance, [GenreDay("rock", DAY)], status)
    assert look() == {}


def test_of_a_label_streams_that_fall_and_bad_and_late_downloads_are_told_until_they_are_mended(
    look: Look, tmp_path: Path
) -> None:
    now = dt.datetime.now(dt.UTC)

    def downloaded(name: str, streams: Sequence[object], ago: int = 0) -> Path:
        """A timeline of which the last day is yesterday, saved so many days ago."""
        days = [now.date() - dt.timedelta(days=len(streams) - n) for n in range(len(streams))]
        rows = "".join(f"{day},{count}\n" for day, count in zip(days, streams, strict=True))
        path = tmp_path / name
        path.write_text(f"date,streams\n{rows}", encoding="utf-8")
        saved = (now - dt.timedelta(days=ago)).timestamp()
        os.utime(path, (saved, saved))
        return path

    def imported(*files: Path) -> dict[str, Incident]:
        release_files.import_files(files, Settings().lake, now)
        publish_now(Settings())
        return look()

    label = tmp_path / "releases.toml"
    label.write_text(
        '[artists.ana]\nname = "Ana"\n[releases.tide]\nartist = "ana"\ntitle = "Maré Baixa"\n'
        '[releases.ten]\nartist = "ana"\ntitle = "Ten"\n',
        encoding="utf-8",
    )
    found = imported(
        label,
        downloaded("Maré Baixa-timeline.csv", [400, 350, 340, 330, 320, 310, 300, 149], ago=1),
        downloaded("Ten-timeline.csv", [99] * 10 + ["?"], ago=14),
        downloaded("Ten-timeline (1).csv", [99] * 11 + ["?"], ago=11),
    )
    [fall] = [one for key, one in found.items() if key == "streams_drop/tide"]
    assert fall.title.startswith("Maré Baixa has 149 streams on ")
    assert fall.title.endswith("after 300 the day before and 400 a week before")
    [invalid] = [one for one in found.values() if one.kind == "invalid_rows"]
    assert invalid.title == "8% of the rows of Ten-timeline (1).csv were set aside"
    assert found["late_file/song_streams"].title.startswith("Ten-timeline.csv (song_streams)")

    found = imported(
        downloaded("Maré Baixa-timeline (1).csv", [400, 350, 340, 330, 320, 310, 300, 290]),
        downloaded("Ten-timeline (2).csv", [99] * 12),
    )
    assert found == {}


def test_of_a_model_that_did_worse_than_naive_people_are_told_until_another_is_trained(
    look: Look, tmp_path: Path
) -> None:
    now = dt.datetime.now(dt.UTC)
    lake, today = Settings().lake, now.date()
    days = [today - dt.timedelta(days=ago) for ago in range(40, 0, -1)]
    (tmp_path / "releases.toml").write_text(
        '[artists.ana]\nname = "Ana"\n[releases.tide]\nartist = "ana"\ntitle = "Ten"\n',
        encoding="utf-8",
    )
    (tmp_path / "Ten-timeline.csv").write_text(
        "date,streams\n" + "".join(f"{day},100\n" for day in days), encoding="utf-8"
    )
    release_files.import_files(release_files.find([tmp_path]), lake, now)
    facts, until = fitting.facts_of(lake)
    panel = tables.label(facts)
    assert panel
    model = models.train(panel, until.isoformat(), with_lightgbm=False)
    stored.write_model(lake, model.version, model.text, None, now - dt.timedelta(days=30))
    said = {
        **{"release_id": "tide", "predicted_from": days[0], "status": "predicted"},
        **{"candidate": "mean_7", "predicted": 102.0, "low": 90.0, "high": 110.0, "naive": 101.0},
        **{"made_at": now.replace(tzinfo=None), "model_version": model.version},
    }
    rows = [{**said, "date": day, "days_ahead": ahead} for ahead, day in enumerate(days[1:29], 1)]
    frame = pl.DataFrame(rows, schema=StreamsDaily.polars_schema())
    stored.write_predictions(lake, now, frame)
    publish_now(Settings())
    found = look()
    assert set(found) == {f"model_withdrawn/{model.version}"}
    [told] = found.values()
    assert "off by 56 streams" in told.body
    assert "off by 28" in told.body

    later = (now + dt.timedelta(seconds=1)).isoformat()
    another = models.train(panel, later, with_lightgbm=False)
    stored.write_model(lake, another.version, another.text, None, now)
    publish_now(Settings())
    assert look() == {}
