"""Every way to launch genre-days, with the real daemon: what was asked, what lies in the lake, what
Dagster's events say and what `monitoring.runs` says are the same.
"""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.tables import partitions
from spotify_assets_tests.end_to_end.deployment import Deployment, deployment
from spotify_assets_tests.end_to_end.processes import until

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]
LONG = 400
"""Seconds: the daemon looks for backfills every 30 s, and for runs that ended."""
GENRES = ("rock", "samba")
TODAY = dt.datetime.now(dt.UTC).date()
DAYS = [TODAY - dt.timedelta(days=back) for back in (4, 3, 2, 1)]
SELECTOR = {
    "repositoryLocationName": "spotify_assets.definitions",
    "repositoryName": "__repository__",
}
MADE = """query ($key: AssetKeyInput!, $since: String!) { assetOrError(assetKey: $key) {
    ... on Asset { assetMaterializations(afterTimestampMillis: $since) { partition } } } }"""
BACKFILL = """mutation ($asked: LaunchBackfillParams!) {
    launchPartitionBackfill(backfillParams: $asked) {
        ... on LaunchBackfillSuccess { backfillId } } }"""
CANCEL = """mutation ($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"""
RUN = """mutation ($asked: ExecutionParams!) { launchPipelineExecution(executionParams: $asked) {
    ... on LaunchRunSuccess { run { runId } } } }"""
AGAIN = """mutation ($asked: ReexecutionParams!) {
    launchPipelineReexecution(reexecutionParams: $asked) {
        ... on LaunchRunSuccess { run { runId } } } }"""
STATUS = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"""
TABLES = ("processed.tracks", "star.fact_track_daily")
Days = Sequence[GenreDay]


def keys(days: Days) -> list[str]:
    return [f"{day.date}|{day.genre}" for day in days]


def range_(days: Days) -> dict[str, str]:
    first, *_, last = keys(days)
    name = "dagster/asset_partition_range"
    return {f"{name}_start": first, f"{name}_end": last}


def start_job_backfill(built: Deployment, days: Days) -> str:
    selector = {"partitionSetName": "reprocess_partition_set", "repositorySelector": SELECTOR}
    asked = {"selector": selector, "partitionNames": keys(days)}
    return str(built.dagster.ask(BACKFILL, asked=asked)["launchPartitionBackfill"]["backfillId"])


def wait_for_backfill(built: Deployment, identity: str, status: str) -> None:
    until(lambda: built.dagster.backfill(identity)[0] == status, LONG, f"{identity} is {status}")


def by_the_page_of_the_job(built: Deployment, days: Days) -> None:
    wait_for_backfill(built, start_job_backfill(built, days), "COMPLETED_SUCCESS")


def by_the_page_of_the_assets(built: Deployment, days: Days) -> None:
    wait_for_backfill(built, built.dagster.launch_backfill(keys(days)), "COMPLETED_SUCCESS")


def again_after_a_backfill_was_cancelled(built: Deployment, days: Days) -> None:
    identity = start_job_backfill(built, days)
    built.dagster.ask(CANCEL, id=identity)
    wait_for_backfill(built, identity, "CANCELED")
    by_the_page_of_the_job(built, days)


def by_a_run_of_a_range(built: Deployment, days: Days) -> str:
    return wait_for_run(built, start_run(built, range_(days)))


def by_a_run_that_is_executed_again(built: Deployment, days: Days) -> None:
    asked = {"parentRunId": by_a_run_of_a_range(built, days), "strategy": "ALL_STEPS"}
    launched = built.dagster.ask(AGAIN, asked=asked)["launchPipelineReexecution"]
    wait_for_run(built, launched["run"]["runId"])


def by_a_run_of_each(built: Deployment, days: Days) -> None:
    for run in [start_run(built, {"dagster/partition": key}) for key in keys(days)]:
        wait_for_run(built, run)


def by_the_command(built: Deployment, days: Days) -> None:
    genres = [word for genre in {day.genre for day in days} for word in ("--genre", genre)]
    built.command("backfill", *genres, "--date", f"{days[0].date}..{days[-1].date}")


def start_run(built: Deployment, tags: dict[str, str]) -> str:
    asked = {
        "selector": {**SELECTOR, "pipelineName": "reprocess"},
        "mode": "default",
        "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
    }
    launched = built.dagster.ask(RUN, asked=asked)["launchPipelineExecution"]
    return str(launched["run"]["runId"])


def wait_for_run(built: Deployment, run: str) -> str:
    ended = ("SUCCESS", "FAILURE", "CANCELED")
    found = until(
        lambda: (
            status
            if (status := built.dagster.ask(STATUS, id=run)["runOrError"]["status"]) in ended
            else None
        ),
        LONG,
        f"run {run} ends",
    )
    assert found == "SUCCESS"
    return run


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    # Its list of genres is empty: nothing runs by itself.
    with deployment(tmp_path_factory.mktemp("launching"), []) as built, built.sandbox():
        for genre in GENRES:
            built.command("collect", "--genre", genre, "--date", f"{DAYS[0]}..{DAYS[-1]}")
        with built.dev():
            yield built


@pytest.mark.parametrize(
    "launch",
    [
        by_the_page_of_the_job,
        by_the_page_of_the_assets,
        again_after_a_backfill_was_cancelled,
        by_a_run_of_a_range,
        by_a_run_that_is_executed_again,
        by_a_run_of_each,
        by_the_command,
    ],
)
def test_what_was_asked_is_what_all_say_was_made(
    served: Deployment, launch: Callable[[Deployment, Days], object]
) -> None:
    asked = [GenreDay(genre, date) for genre in GENRES for date in DAYS[1:]]
    for layer in ("processed", "quarantine", "rankings", "star"):
        shutil.rmtree(served.data_dir / "lake" / layer)
    begun = dt.datetime.now(dt.UTC)

    launch(served, asked)

    for table in TABLES:
        assert events(served, table, begun) == set(asked)
        assert {day for day, _ in partitions(Lake(served.data_dir / "lake"), table)} == set(asked)
    until(lambda: told(served.data_dir, begun) == set(asked), LONG, "the runs are entered")


def events(built: Deployment, table: str, since: dt.datetime) -> set[GenreDay]:
    key = {"path": table.split(".")}
    millis = str(int(since.timestamp() * 1000))
    found = built.dagster.ask(MADE, key=key, since=millis)["assetOrError"]
    pairs = (one["partition"].split("|") for one in found["assetMaterializations"])
    return {GenreDay(genre, dt.date.fromisoformat(day)) for day, genre in pairs}


def told(data_dir: Path, since: dt.datetime) -> set[GenreDay]:
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        rows = connection.execute(
            "SELECT genre, first_date, last_date FROM monitoring.runs WHERE status = 'success' "
            "AND first_date IS NOT NULL AND started_at >= ?",
            [since.replace(tzinfo=None)],
        ).fetchall()
    # Of a run over several genres it names none: here that is both.
    return {
        GenreDay(one, first + dt.timedelta(days=number))
        for genre, first, last in rows
        for one in ([genre] if genre else GENRES)
        for number in range((last - first).days + 1)
    }
