"""Whatever happens, in whatever order: each opening and each end is told once."""

import contextlib
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.operations.alerts import Alerts, Message
from spotify_assets_tests.operations.alerts.samples import (
    DOWN,
    FORRO,
    MPB,
    ROCK,
    Clock,
    Killed,
    Paper,
)

ALL = [ROCK, FORRO, MPB]
Step = tuple[str, object]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("observe"), st.sets(st.sampled_from(range(3)))),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 7, 29, 31, 400])),
        st.tuples(st.just("deliver"), st.sampled_from(["up", "up", "up", "down", "killed"])),
    ),
    max_size=40,
)


@given(steps, st.integers(1, 4))
def test_openings_minus_ends_that_were_told_say_whether_it_is_open(
    sequence: list[Step], messages_an_hour: int
) -> None:
    clock, paper, opened = Clock(), Paper(), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        alerts = Alerts(Path(folder) / "db", [paper], clock, messages_an_hour=messages_an_hour)
        for name, value in sequence:
            before = {one.key for one in alerts.open_incidents()}
            _take(name, value, alerts, paper, clock)
            opened.update({one.key for one in alerts.open_incidents()} - before)
            _told(paper.messages)
        _deliver_everything(alerts, paper, clock)
        is_open = {one.key for one in alerts.open_incidents()}

    told, openings = _told(paper.messages)
    assert told == is_open
    assert openings == opened


def _take(name: str, value: object, alerts: Alerts, paper: Paper, clock: Clock) -> None:
    match name, value:
        case "observe", set(numbers):
            alerts.observe("run_failure", [ALL[number] for number in numbers])
        case "wait", int(minutes):
            clock.forward(minutes=minutes)
        case _, how:
            paper.trouble = DOWN if how == "down" else None
            paper.trouble_after = Killed() if how == "killed" else None
            with contextlib.suppress(Killed):
                alerts.deliver()


def _deliver_everything(alerts: Alerts, paper: Paper, clock: Clock) -> None:
    paper.trouble = paper.trouble_after = None
    for _ in range(6):
        clock.forward(minutes=61)
        alerts.deliver()


def _told(messages: list[Message]) -> tuple[set[str], Counter[str]]:
    """What a reader holds to be open, and how often each opened; the same message counts once."""
    is_open: set[str] = set()
    openings: Counter[str] = Counter()
    for message in {message.id: message for message in messages}.values():
        for notice in message.notices:
            key = notice.incident.key
            assert (key in is_open) == (notice.openings == 0), "told twice, or an end of nothing"
            assert (message.state == "over") == (notice.closed_at is not None)
            openings[key] += notice.openings
            is_open = is_open - {key} if notice.closed_at else is_open | {key}
    return is_open, +openings
