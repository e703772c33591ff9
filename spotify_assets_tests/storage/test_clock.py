"""Time that processes can compare, and that nobody can set."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.storage.clock import Clock, Moment
from spotify_assets_tests.lake import processes
from spotify_assets_tests.sources.spotify_api import crash_workers
from spotify_assets_tests.sources.spotify_api.times import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


moments = st.builds(
    Moment,
    wall=st.floats(0, 4e9),
    steady=st.floats(0, 1e8),
    boot=st.sampled_from(["one start", "another"]),
)


def test_another_process_reads_the_same_steady_time_in_between() -> None:
    clock = Clock()
    before = clock.now()

    answered = processes.run(crash_workers.says_the_time)

    there, after = Moment(**json.loads(answered.stdout)), clock.now()
    assert before.steady < there.steady < after.steady
    assert before.boot == there.boot == after.boot


def test_a_wait_takes_its_time() -> None:
    clock = Clock()
    before = clock.now()

    clock.sleep(0.02)

    assert 0.02 <= clock.now().seconds_since(before) < 5


def test_setting_the_clock_of_the_machine_changes_no_span(clock: SetClock) -> None:
    earlier = clock.now()
    clock.advance(10)
    for jump in (-1e6, 1e6):
        clock.set(clock.wall + jump)
        assert clock.now().seconds_since(earlier) == 10


def test_across_a_start_of_the_machine_the_wall_decides(clock: SetClock) -> None:
    earlier = clock.now()

    clock.restart(after_seconds=90)

    assert clock.now().seconds_since(earlier) == 90


@given(earlier=moments, later=moments)
@settings(database=None)
def test_a_span_across_a_start_is_never_negative(earlier: Moment, later: Moment) -> None:
    later = dataclasses.replace(later, boot=f"after {earlier.boot}")

    assert later.seconds_since(earlier) >= 0
