"""Going on: what was answered costs nothing, and a finished day is not asked for again."""

import datetime as dt
import logging
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spotify_assets.lake import GenreDay, Lake, LakeError
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.sources.spotify_api.budget import Limits
from spotify_assets.sources.spotify_api.client import ATTEMPTS, Client
from spotify_assets.sources.spotify_api.collect import collect
from spotify_assets.sources.spotify_api.connection import Connection
from spotify_assets.sources.spotify_api.errors import Blocked, DayCannotBeAsked, Unavailable
from spotify_assets_tests.lake import processes
from spotify_assets_tests.lake.samples import TERMS
from spotify_assets_tests.sources.spotify_api import faults, pages
from spotify_assets_tests.sources.spotify_api.conftest import TODAY
from spotify_assets_tests.sources.spotify_api.crash_workers import collects_rock_when_told
from spotify_assets_tests.sources.spotify_api.ledgers import ledger_of
from spotify_assets_tests.sources.spotify_api.times import SetClock
from spotify_assets_tests.sources.spotify_api.watched import Watched

Playing = Callable[..., tuple[Client, faults.Script]]
YESTERDAY = TODAY - dt.timedelta(days=1)
REAL = CollectionParameters(source="spotify", market="BR", artists=0, tracks=200)
"""Four pages and four batches of a scripted API."""


@pytest.mark.parametrize("killed_at", [1, 3, 7])
def test_a_collection_that_was_killed_asks_only_what_has_no_answer(
    development: Watched,
    rock: RawPartition,
    terms: CollectionParameters,
    tmp_path: Path,
    killed_at: int,
) -> None:
    elsewhere = RawPartition(Lake(tmp_path / "elsewhere"), rock.genre_day)
    unbroken = _from_sandbox(development, elsewhere, terms)
    all_questions = len(development.asked)
    _kill_while_collecting(development, rock, killed_at)
    development.asked.clear()

    sealed = _from_sandbox(development, rock, terms)

    assert len(development.asked) == all_questions - (killed_at - 1)
    assert _answers(sealed) == _answers(unbroken)


@pytest.mark.parametrize("answered", range(8))
def test_a_collection_that_the_api_ended_asks_only_what_has_no_answer(
    playing: Playing, rock: RawPartition, clock: SetClock, answered: int
) -> None:
    client, script = playing(*[pages.endless] * answered, faults.too_many("48925"))
    with pytest.raises(Blocked):
        collect(client, rock, REAL, today=TODAY)
    # Of each family once at most.
    refused = [one.path for one in script.asked[answered:]]
    assert len(refused) == len(set(refused)) > 0
    assert rock.is_under_way()
    clock.advance(48925)

    client, script = playing(pages.endless)
    sealed = collect(client, rock, REAL, today=TODAY)

    assert len(script.asked) == 8 - answered
    assert sealed.lines == 8 + len(refused)


@pytest.mark.parametrize("damaged", [[1], [4], [6], [2, 3, 7]])
def test_only_what_a_damaged_line_answered_is_asked_again(
    playing: Playing, rock: RawPartition, clock: SetClock, damaged: list[int]
) -> None:
    client, script = playing(*[pages.endless] * 7, faults.too_many("48925"))
    with pytest.raises(Blocked):
        collect(client, rock, REAL, today=TODAY)
    lost = [script.asked[line - 1] for line in damaged]
    journal = rock.folder / "0001.journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    for line in damaged:
        lines[line - 1] = lines[line - 1].replace(b"{", b"[")
    journal.write_bytes(b"".join(lines))
    clock.advance(48925)

    client, script = playing(pages.endless)
    sealed = collect(client, rock, REAL, today=TODAY)

    asked = [(one.path, one.params) for one in script.asked]
    last = [("artists", {"ids": ",".join(pages.credit(number) for number in range(150, 200))})]
    assert asked == [(one.path, one.params) for one in lost] + last
    assert sealed.lines == 8 + 1
    kept = (rock.folder / "0001.damaged.jsonl").read_bytes().splitlines(keepends=True)
    assert kept == [lines[line - 1] for line in damaged]


def test_a_run_that_failed_says_that_it_goes_on(
    playing: Playing, rock: RawPartition, caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = playing(pages.endless, faults.Says(503))
    with pytest.raises(Unavailable):
        collect(client, rock, REAL, today=TODAY)
    caplog.set_level(logging.INFO, "spotify_assets")

    client, _ = playing(pages.endless)
    collect(client, rock, REAL, today=TODAY)

    assert f"rock on 2025-11-20 goes on after {1 + ATTEMPTS} responses." in caplog.text


def test_the_learned_page_size_is_in_the_journal_too(playing: Playing, rock: RawPartition) -> None:
    development = pages.endless_in_development
    client, _ = playing(development, development, faults.Says(503))
    with pytest.raises(Unavailable):
        collect(client, rock, REAL, today=TODAY)

    client, script = playing(development)
    collect(client, rock, REAL, today=TODAY)

    assert [(one.limit, one.offset) for one in script.asked] == [
        (10, offset) for offset in range(10, 200, 10)
    ]


def test_a_sealed_day_needs_no_question_and_no_token(playing: Playing, rock: RawPartition) -> None:
    client, _ = playing(pages.endless)
    first = collect(client, rock, REAL, today=TODAY)

    client, script = playing(pages.endless)
    again = collect(client, rock, REAL, today=TODAY)

    assert again == first
    assert (script.asked, script.token_requests) == ([], 0)


def test_a_sealed_day_stays_usable_when_it_is_past(playing: Playing, rock: RawPartition) -> None:
    client, _ = playing(pages.endless)
    first = collect(client, rock, REAL, today=TODAY)

    client, script = playing(faults.FINE)
    assert collect(client, rock, REAL, today=TODAY + dt.timedelta(days=300)) == first
    assert script.asked == []


def test_a_new_collection_keeps_the_first_one(playing: Playing, rock: RawPartition) -> None:
    client, _ = playing(pages.endless)
    first = collect(client, rock, REAL, today=TODAY)
    content = first.path.read_bytes()

    client, script = playing(pages.endless)
    second = collect(client, rock, REAL, today=TODAY, force=True)

    assert (second.path.name, len(script.asked)) == ("0002.jsonl.zst", 8)
    assert rock.latest() == second
    assert first.path.read_bytes() == content


def test_a_new_collection_that_was_interrupted_goes_on(
    playing: Playing, rock: RawPartition, clock: SetClock
) -> None:
    client, _ = playing(pages.endless)
    collect(client, rock, REAL, today=TODAY)
    _interrupted(playing, rock, force=True)
    clock.advance(86400)

    client, script = playing(pages.endless)
    sealed = collect(client, rock, REAL, today=TODAY)

    assert (sealed.path.name, len(script.asked)) == ("0002.jsonl.zst", 7)


def test_a_new_collection_that_was_interrupted_on_a_past_day_leaves_the_finished_one(
    playing: Playing, rock: RawPartition
) -> None:
    """It cannot be finished any more; what was collected before can still be processed."""
    client, _ = playing(pages.endless)
    first = collect(client, rock, REAL, today=TODAY)
    _interrupted(playing, rock, force=True)

    client, script = playing(faults.FINE)
    assert collect(client, rock, REAL, today=TODAY + dt.timedelta(days=1)) == first
    assert script.asked == []


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("today", [TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)])
def test_another_day_of_the_real_api_is_refused_before_any_question(
    playing: Playing, rock: RawPartition, today: dt.date, again: bool
) -> None:
    client, script = playing(faults.FINE)

    with pytest.raises(DayCannotBeAsked, match=rf"rock on {TODAY}.*today is {today}"):
        collect(client, rock, REAL, today=today, force=again)

    assert (script.asked, script.token_requests) == ([], 0)
    assert not rock.lake.root.exists()


def test_a_journal_of_a_past_day_is_kept_and_not_filled_with_todays_answers(
    playing: Playing, rock: RawPartition
) -> None:
    _interrupted(playing, rock)
    journal = rock.folder / "0001.journal.jsonl"
    content = journal.read_bytes()

    client, script = playing(pages.endless)
    with pytest.raises(DayCannotBeAsked):
        collect(client, rock, REAL, today=TODAY + dt.timedelta(days=1))

    assert script.asked == []
    assert journal.read_bytes() == content


def test_another_genre_or_day_under_way_is_no_matter(
    playing: Playing, rock: RawPartition, clock: SetClock
) -> None:
    _interrupted(playing, rock)
    clock.advance(86400)
    pop = RawPartition(rock.lake, GenreDay("pop", TODAY))

    client, script = playing(pages.endless)
    collect(client, pop, REAL, today=TODAY)

    assert len(script.asked) == 8
    assert rock.is_under_way()


def test_a_day_that_another_process_collects_is_refused_before_any_question(
    playing: Playing, rock: RawPartition
) -> None:
    client, script = playing(faults.FINE)

    with rock.journal(TERMS), pytest.raises(LakeError, match="Another process collects"):
        collect(client, rock, REAL, today=TODAY)

    assert (script.asked, script.token_requests) == ([], 0)


def test_a_damaged_sealed_day_is_refused_and_not_asked_again(
    playing: Playing, rock: RawPartition
) -> None:
    client, _ = playing(pages.endless)
    collect(client, rock, REAL, today=TODAY).path.write_bytes(b"")

    client, script = playing(faults.FINE)
    with pytest.raises(LakeError, match=r"0001\.jsonl\.zst is not the file that was sealed"):
        collect(client, rock, REAL, today=TODAY)
    assert script.asked == []


def _kill_while_collecting(sandbox: Watched, partition: RawPartition, at_request: int) -> None:
    """Kill a process that collects at the moment its n-th question arrives."""
    root = partition.lake.root
    with subprocess.Popen(
        processes.command(collects_rock_when_told, sandbox.url, root, TODAY),
        cwd=processes.REPOSITORY,
        stdin=subprocess.PIPE,
        text=True,
    ) as process:
        sandbox.asked.clear()
        sandbox.before_answer = lambda: process.kill() if len(sandbox.asked) == at_request else None
        process.communicate("go\n")
    sandbox.before_answer = None
    assert process.returncode == processes.KILLED


def _interrupted(playing: Playing, partition: RawPartition, *, force: bool = False) -> None:
    """Leave a collection under way that has its first answer."""
    client, _ = playing(pages.endless, faults.too_many("86400"))
    with pytest.raises(Blocked):
        collect(client, partition, REAL, today=TODAY, force=force)


def _from_sandbox(sandbox: Watched, partition: RawPartition, terms: CollectionParameters) -> Sealed:
    client = Client(
        Connection.to_sandbox(sandbox.url),
        ledger_of(partition.lake),
        limits=Limits(None),
        day=TODAY,
    )
    return collect(client, partition, terms, today=TODAY)


def _answers(sealed: Sealed) -> list[tuple[str, bytes]]:
    return [(one.request.identity, one.response.body) for one in read_exchanges(sealed.path)]
