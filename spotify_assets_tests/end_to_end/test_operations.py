"""A day of the real daemon: it collects, it is left without the API, and it comes back.

The tests go on from one another, because the daemon takes its time; each waits for what it needs.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from spotify_assets_tests.end_to_end.conftest import spotify_assets
from spotify_assets_tests.end_to_end.deployment import Deployment, deployment
from spotify_assets_tests.end_to_end.processes import until

pytestmark = pytest.mark.end_to_end
SOON, LATER = 90, 180
"""Seconds: a run and what follows from it; the window of freshness, and a mail."""


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, ExitStack]]:
    """The house with everything running; closing the stack stops the sandbox."""
    with (
        deployment(tmp_path_factory.mktemp("operations"), ["rock", "samba"]) as built,
        ExitStack() as sandbox,
    ):
        sandbox.enter_context(built.sandbox())
        with built.dev():
            yield built, sandbox


def today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


def test_what_runs_by_itself_needs_no_click(operated: tuple[Deployment, ExitStack]) -> None:
    assert operated[0].dagster.automation() == dict.fromkeys(
        [
            *("rotation", "record_runs", "alerts", "retry_remaining_partitions", "inbox"),
            *("recently_played", "release_inbox", "weekly_training", "daily_predictions"),
            "comments_waiting",
            *(
                "daily_completion",
                "reprocess_outdated",
                "hourly_data_quality",
                "daily_housekeeping",
            ),
        ],
        "RUNNING",
    )


def test_the_rotation_collects_the_genres_of_the_list(
    operated: tuple[Deployment, ExitStack],
) -> None:
    built, _ = operated
    until(
        lambda: built.genre_days() >= {("rock", today()), ("samba", today())},
        SOON,
        "both genres are in the warehouse",
    )
    until(lambda: built.dagster.runs("rock") == {"SUCCESS": 1}, SOON, "the run ends")
    until(lambda: built.dagster.runs("samba") == {"SUCCESS": 1}, SOON, "the run ends")
    until(
        lambda: set(built.dagster.freshness().values()) == {"HEALTHY"}, SOON, "all assets are fresh"
    )
    assert built.mailbox.mails == []


@pytest.mark.slow
def test_an_outage_is_told_once_and_so_is_its_end(operated: tuple[Deployment, ExitStack]) -> None:
    built, sandbox = operated
    run = f"The run of catalog failed for forró on {today()}"
    late = {"raw.catalog is late", "processed.tracks is late"}
    sandbox.close()
    built.command("genres", "add", "forró")
    until(lambda: built.dagster.runs("forró")["FAILURE"], SOON, "the run fails")
    # Not three failures: after them the rotation would leave the genre to a person.
    built.command("genres", "remove", "forró")
    until(lambda: {run, *late} <= set(built.told("Error")), LATER, "mails tell what is wrong")
    assert built.dagster.freshness()["processed.tracks"] == "DEGRADED"
    assert all(f"{built.dagster.url}/" in text for text in built.texts())
    assert "What is wrong" in built.command("status")

    sandbox.enter_context(built.sandbox())
    built.command("genres", "add", "axé")
    built.command(*built.advice("The run of catalog"))
    until(lambda: {run, *late} <= set(built.told("Over")), SOON, "mails tell that it is over")
    assert set(built.told("Error", "Warning").values()) == {1}
    assert set(built.told("Over").values()) == {1}
    until(
        lambda: {("forró", today()), ("axé", today())} <= built.genre_days(),
        SOON,
        "what the advice collects, and what the rotation does, is in the warehouse",
    )


@pytest.mark.parametrize("words", [["dev"], ["collect", "-g", "rock"]])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, words: list[str]) -> None:
    # Not a folder without permission: there root, who runs tests in containers, may write.
    (tmp_path / "dagster").write_text("a file")
    done = spotify_assets(*words, data_dir=tmp_path, SPOTIFY_SANDBOX_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert f"Dagster's runs and events to {tmp_path / 'dagster'}: File exists." in done.stderr
    assert "make the folder writable" in done.stderr
    assert "Traceback" not in done.stderr
