"""What is told of incidents, and when."""

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from spotify_assets.operations.alerts import Alerts, AlertsError, Incident
from spotify_assets.operations.alerts.channels import Rejected
from spotify_assets_tests.operations.alerts.samples import (
    DOWN,
    FORRO,
    MPB,
    NOON,
    ROCK,
    Clock,
    Killed,
    Paper,
    ends,
    incident,
    opens,
)
from spotify_assets_tests.places import in_a_file


def test_an_incident_is_told_once_when_it_opens_and_once_when_it_is_over(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    for _ in range(5):
        alerts.observe("run_failure", [ROCK])
        alerts.deliver()
        clock.forward(minutes=1)
    for _ in range(5):
        alerts.observe("run_failure", [])
        alerts.deliver()

    assert paper.told == [("open", [ROCK.key]), ("over", [ROCK.key])]


def test_several_that_open_in_one_observation_are_one_message(alerts: Alerts, paper: Paper) -> None:
    alerts.observe("run_failure", [ROCK, FORRO, MPB])
    alerts.deliver()

    assert paper.told == [("open", [ROCK.key, FORRO.key, MPB.key])]


def test_a_message_is_either_of_what_is_open_or_of_what_is_over(
    alerts: Alerts, paper: Paper
) -> None:
    alerts.observe("run_failure", [ROCK])
    alerts.deliver()
    alerts.observe("run_failure", [FORRO])
    alerts.deliver()

    assert paper.told[1:] == [("open", [FORRO.key]), ("over", [ROCK.key])]


def test_an_end_answers_the_message_that_told_the_opening(alerts: Alerts, paper: Paper) -> None:
    alerts.observe("run_failure", [ROCK])
    alerts.deliver()
    alerts.observe("run_failure", [ROCK, FORRO])
    alerts.deliver()
    alerts.observe("run_failure", [])
    alerts.deliver()

    first, second, last = paper.messages
    assert last.answers == (first.id, second.id)


def test_an_observation_leaves_other_kinds_alone(alerts: Alerts) -> None:
    late = incident("processed/tracks", "late_data")
    alerts.observe("late_data", [late])
    alerts.observe("run_failure", [])
    assert alerts.open_incidents() == [late]


def test_an_incident_that_is_seen_again_is_told_with_its_newest_words(
    alerts: Alerts, paper: Paper
) -> None:
    opens(alerts, ROCK)
    opens(alerts, incident("rock", title="The run of rock failed three times"))
    alerts.deliver()

    assert paper.messages[0].notices[0].incident.title == "The run of rock failed three times"


def test_closing_what_is_not_open_says_nothing(alerts: Alerts, paper: Paper) -> None:
    ends(alerts, ROCK)
    opens(alerts, ROCK)
    alerts.deliver()
    ends(alerts, ROCK)
    ends(alerts, ROCK)
    alerts.deliver()
    ends(alerts, ROCK)
    alerts.deliver()

    assert [state for state, _ in paper.told] == ["open", "over"]


def test_an_incident_that_comes_and_goes_is_held_back_and_counted(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    opens(alerts, ROCK)
    alerts.deliver()
    for _ in range(4):
        ends(alerts, ROCK)
        alerts.deliver()
        clock.forward(minutes=2)
        opens(alerts, ROCK)
        alerts.deliver()
        clock.forward(minutes=2)
    assert [state for state, _ in paper.told] == ["open", "over"]

    clock.forward(minutes=30)
    alerts.deliver()

    assert [state for state, _ in paper.told] == ["open", "over", "open"]
    assert "Opened 4 times since 2026-11-20 12:02 UTC." in paper.messages[-1].text


def test_what_came_and_went_in_the_quiet_time_is_told_as_over(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    for _ in range(3):
        opens(alerts, ROCK)
        alerts.deliver()
        clock.forward(minutes=1)
        ends(alerts, ROCK)
        alerts.deliver()
        clock.forward(minutes=1)

    clock.forward(minutes=30)
    alerts.deliver()

    assert [state for state, _ in paper.told] == ["open", "over", "over"]
    assert (
        "Opened 2 times since 2026-11-20 12:02 UTC, over since 2026-11-20 12:05 UTC."
        in paper.messages[-1].text
    )


def test_an_incident_that_opens_again_after_the_quiet_time_is_told_at_once(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    opens(alerts, ROCK)
    ends(alerts, ROCK)
    alerts.deliver()
    clock.forward(minutes=31)
    opens(alerts, ROCK)
    alerts.deliver()

    assert [state for state, _ in paper.told] == ["over", "open"]
    assert paper.messages[-1].answers == ()


def test_an_end_is_told_before_the_next_opening_of_the_same(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    opens(alerts, ROCK)
    alerts.deliver()
    paper.trouble = DOWN
    opens(alerts, MPB)
    alerts.deliver()
    opens(alerts, FORRO)
    ends(alerts, ROCK)
    opens(alerts, ROCK)
    clock.forward(minutes=60)
    paper.trouble = None
    alerts.deliver()

    assert paper.told[2:] == [("open", [FORRO.key]), ("over", [ROCK.key]), ("open", [ROCK.key])]


@in_a_file
def test_repeats_only_count_up(alerts: Alerts, tmp_path: Path, clock: Clock) -> None:
    for name in ("open", "open", "close", "open", "open", "open"):
        clock.forward(minutes=1)
        if name == "open":
            opens(alerts, replace(ROCK, since=clock.now))
        else:
            ends(alerts, ROCK)

    with closing(sqlite3.connect(tmp_path / "operations.sqlite")) as db:
        row = db.execute("SELECT times_seen, times_opened, since, opened_at FROM incidents")
        again = "2026-11-20T12:04:00+00:00"
        assert row.fetchall() == [(3, 2, again, again)]


def test_beyond_the_messages_of_an_hour_the_rest_is_one_digest(
    tmp_path: Path, paper: Paper, clock: Clock
) -> None:
    alerts = Alerts(tmp_path / "operations.sqlite", [paper], clock, messages_an_hour=3)
    for number in range(10):
        opens(alerts, incident(f"genre-{number}"))
        alerts.deliver()
        clock.forward(minutes=1)
    assert len(paper.messages) == 3

    clock.forward(minutes=60)
    alerts.deliver()

    assert [len(message.notices) for message in paper.messages] == [1, 1, 1, 7]


def test_an_outage_delays_alerts_in_order_and_ends_with_a_digest(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    paper.trouble = DOWN
    opens(alerts, ROCK)
    alerts.deliver()
    opens(alerts, FORRO)
    opens(alerts, MPB)
    ends(alerts, ROCK)
    alerts.deliver()

    paper.trouble = None
    clock.forward(minutes=2)
    alerts.deliver()

    assert paper.told == [
        ("open", [ROCK.key]),
        ("open", [FORRO.key, MPB.key]),
        ("over", [ROCK.key]),
    ]
    assert alerts.undelivered() == []


def test_the_wait_doubles_from_a_minute_to_an_hour(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    paper.trouble = DOWN
    opens(alerts, ROCK)
    waits = []
    for _ in range(8):
        alerts.deliver()
        [waiting] = alerts.undelivered()
        assert waiting.next_attempt_at
        waits.append((waiting.next_attempt_at - clock.now).total_seconds() / 60)
        clock.now = waiting.next_attempt_at

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (waiting.attempts, waiting.last_error) == (8, "The server is down.")


def test_nothing_is_tried_before_its_time(alerts: Alerts, paper: Paper, clock: Clock) -> None:
    paper.trouble = DOWN
    opens(alerts, ROCK)
    alerts.deliver()
    clock.forward(seconds=59)
    alerts.deliver()

    assert [one.attempts for one in alerts.undelivered()] == [1]


def test_a_message_that_nobody_took_for_a_week_fails_and_stays_visible(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    paper.trouble = DOWN
    opens(alerts, ROCK)
    alerts.deliver()
    clock.forward(days=7)
    alerts.deliver()
    paper.trouble = None
    clock.forward(days=7)

    assert alerts.deliver() == 0
    [failed] = alerts.undelivered()
    assert (failed.next_attempt_at, failed.last_error) == (None, "The server is down.")


def test_a_message_that_is_rejected_fails_and_does_not_hold_up_the_next(
    alerts: Alerts, paper: Paper
) -> None:
    paper.trouble = Rejected("Nobody of that name.")
    opens(alerts, ROCK)
    alerts.deliver()
    paper.trouble = None
    opens(alerts, FORRO)

    assert alerts.deliver() == 1
    assert [one.last_error for one in alerts.undelivered()] == ["Nobody of that name."]


def test_one_channel_that_is_down_does_not_hold_up_the_other(tmp_path: Path, clock: Clock) -> None:
    down, up = Paper("down", trouble=DOWN), Paper("up")
    alerts = Alerts(tmp_path / "operations.sqlite", [down, up], clock)
    opens(alerts, ROCK)
    alerts.deliver()

    assert up.told == [("open", [ROCK.key])]
    assert [one.channel for one in alerts.undelivered()] == ["down"]


def test_a_message_that_was_sent_but_not_marked_comes_again_as_the_same(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    paper.trouble_after = Killed()
    opens(alerts, ROCK)
    with pytest.raises(Killed):
        alerts.deliver()
    paper.trouble_after = None
    alerts.deliver()
    assert len(paper.messages) == 1, "another process may still be sending it"

    clock.forward(minutes=6)
    alerts.deliver()

    assert len({message.id for message in paper.messages}) == 1
    assert len(paper.messages) == 2


def test_without_channels_incidents_are_recorded_and_nothing_waits(
    tmp_path: Path, paper: Paper, clock: Clock
) -> None:
    path = tmp_path / "operations.sqlite"
    alerts = Alerts(path, clock=clock)
    opens(alerts, ROCK)

    assert alerts.deliver() == 0
    assert alerts.open_incidents() == [ROCK]

    later = Alerts(path, [paper], clock)
    ends(later, ROCK)
    later.deliver()
    assert paper.messages == [], "an end whose beginning nobody was told"


def test_a_clock_that_was_ahead_for_years_holds_nothing_back(
    alerts: Alerts, paper: Paper, clock: Clock
) -> None:
    clock.forward(days=1_000)
    opens(alerts, ROCK)
    ends(alerts, ROCK)
    opens(alerts, ROCK)
    paper.trouble = DOWN
    alerts.deliver()
    paper.trouble = None
    clock.now = NOON
    opens(alerts, FORRO)
    alerts.deliver()

    assert sorted(key for _, keys in paper.told for key in keys) == [FORRO.key, ROCK.key]


@pytest.mark.parametrize("current", [[incident("tracks", "late_data")], [ROCK, ROCK]])
def test_an_observation_that_could_not_be_closed_is_refused(
    alerts: Alerts, current: list[Incident]
) -> None:
    with pytest.raises(ValueError, match="run_failure"):
        alerts.observe("run_failure", current)


def test_a_file_that_is_no_store_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "operations.sqlite"
    path.write_text("not a database, but long enough to be looked at as one " * 20)

    with pytest.raises(AlertsError, match="move it away"):
        Alerts(path)


def test_open_incidents_come_errors_first_and_whole(alerts: Alerts, clock: Clock) -> None:
    quota = Incident(
        "quota/search",
        "quota_block",
        "Blocked",
        "Wait.",
        "warning",
        NOON,
        link="http://127.0.0.1:3000/assets",
        until=NOON + dt.timedelta(hours=9),
    )
    opens(alerts, quota)
    clock.forward(minutes=1)
    opens(alerts, ROCK)

    assert alerts.open_incidents() == [ROCK, quota]
