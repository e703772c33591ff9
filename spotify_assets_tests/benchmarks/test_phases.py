"""The seconds of the phases of a rebuild."""

import time

import pytest

from benchmarks.phases import Stopwatch

NAP_S = 0.02


def test_the_inner_phase_does_not_count_for_the_outer() -> None:
    watch = Stopwatch()
    with watch.on("make"):
        time.sleep(NAP_S)
        watch.during("check", time.sleep)(5 * NAP_S)
    watch.to("write")

    assert watch.seconds["check"] >= 5 * NAP_S
    assert NAP_S <= watch.seconds["make"] < 5 * NAP_S


def test_the_phases_add_up_to_all_the_time() -> None:
    begun = time.perf_counter()
    watch = Stopwatch()
    with watch.on("make"):
        time.sleep(NAP_S)
    watch.to("done")

    took = time.perf_counter() - begun
    assert sum(watch.seconds.values()) == pytest.approx(took, abs=NAP_S)


def test_a_phase_ends_with_the_error_in_it() -> None:
    watch = Stopwatch()
    with pytest.raises(ZeroDivisionError):
        watch.during("check", divmod)(1, 0)
    assert watch.to("done") == "load"
