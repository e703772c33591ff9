import datetime as dt
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from spotify_assets.defs.monitoring import logs
from spotify_assets.lake.exchanges import Request
from spotify_assets.operations.runs import CheckResult, Operations, RunEnded
from spotify_assets.schemas.monitoring import CheckResults, Requests, Runs
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.ledger import Ledger, Outcome, Purpose
from spotify_assets.storage.clock import Clock
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.conftest import Run

NOW = dt.datetime.now(dt.UTC)
SEARCH = Request("search", "search", {"q": 'genre:"forró"', "limit": 50})


def test_where_nothing_was_asked_there_are_no_requests(data_dir: Path) -> None:
    assert logs.requests(Settings(), 0).is_empty()
    Requests.validate(logs.requests(Settings(), 0))


def test_calls_that_ended_are_given_up_to_the_first_that_is_under_way(data_dir: Path) -> None:
    now = Clock().now()
    with closing(Ledger(Settings().ledger)) as ledger:
        ended, under_way, later = (
            ledger.enter("app", "sandbox", SEARCH, Purpose(), now) for _ in range(3)
        )
        for call in (ended, later):
            ledger.settle(call, Outcome(12, status=200, rows=50, bytes=999), now)
        rows = logs.requests(Settings(), 0)
        assert rows["request_id"].to_list() == [ended]
        Requests.validate(rows)

        ledger.settle(under_way, Outcome(30_000, failure="ReadTimeout"), now)
        assert logs.requests(Settings(), ended)["request_id"].to_list() == [under_way, later]


def test_where_nothing_ran_there_are_no_runs(data_dir: Path) -> None:
    Runs.validate(logs.runs(Settings(), 0))
    CheckResults.validate(logs.check_results(Settings(), 0))
    assert logs.runs(Settings(), 0).is_empty()
    assert logs.check_results(Settings(), 0).is_empty()


def test_runs_and_check_results_are_published_and_added_to(data_dir: Path) -> None:
    settings = Settings()
    published = []
    for name in ("run-1", "run-2"):
        result = CheckResult(NOW, name, "processed.tracks", "contract", passed=True)
        ended = RunEnded(name, "catalog", "success", NOW, NOW)
        Operations(settings.operations).record(ended, [result, result])
        publish(settings.lake, settings.database, {}, logs.logs(settings))
        with duckdb.connect(settings.database, read_only=True) as connection:
            published.append(
                connection.execute(
                    "SELECT run_id, count(*) FROM monitoring.runs JOIN monitoring.check_results "
                    "USING (run_id) WHERE passed AND ended_at = ? GROUP BY ALL ORDER BY ALL",
                    [NOW.replace(tzinfo=None)],
                ).fetchall()
            )

    assert published == [[("run-1", 2)], [("run-1", 2), ("run-2", 2)]]


@pytest.mark.end_to_end
def test_every_call_of_a_run_is_in_the_warehouse_once(data_dir: Path, run: Run) -> None:
    first, second = run("rock"), run("forró")

    with closing(Ledger(Settings().ledger)) as ledger:
        held = list(ledger.requests(0, Clock().now()))
    with duckdb.connect(data_dir / "spotify.duckdb", read_only=True) as connection:
        published = connection.execute(
            "SELECT request_id, run_id, endpoint, http_status, rows "
            "FROM monitoring.requests ORDER BY request_id"
        ).fetchall()
    names = ("request_id", "run_id", "endpoint", "http_status", "rows")
    assert published == [tuple(call[name] for name in names) for call in held]
    assert {call["run_id"] for call in held} == {first.run_id, second.run_id}
