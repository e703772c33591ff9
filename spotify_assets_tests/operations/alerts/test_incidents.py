"""Any text makes an incident that can be stored and sent."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.operations.alerts import Alerts
from spotify_assets_tests.operations.alerts.samples import NOON, ROCK, opens

ANY_TEXT = st.text(st.characters(), max_size=300)  # surrogates are among them


@given(ANY_TEXT)
def test_a_title_is_one_line_that_can_be_printed(text: str) -> None:
    title = replace(ROCK, title=text).title

    assert len(title.splitlines()) <= 1
    assert title.isprintable()
    assert title
    assert len(title) <= 200


@given(ANY_TEXT)
def test_a_body_keeps_its_lines_and_can_be_encoded(text: str) -> None:
    body = replace(ROCK, body=f"first\n{text}\nlast").body

    assert body.startswith("first\n")
    assert body.endswith("\nlast")
    body.encode()


def test_a_body_that_is_too_long_is_cut_and_shows_it() -> None:
    assert replace(ROCK, body="x" * 5_000).body == "x" * 1_999 + "…"


def test_a_name_of_a_file_that_is_not_utf_8_can_be_stored(alerts: Alerts) -> None:
    name = b"caf\xe9.parquet".decode("utf-8", "surrogateescape")
    opens(alerts, replace(ROCK, key=f"damaged_file/{name}", title=name, body=str(Path(name))))

    assert len(alerts.open_incidents()) == 1


def test_times_of_any_zone_become_utc() -> None:
    in_brasilia = dt.datetime(2026, 11, 20, 9, tzinfo=dt.timezone(-dt.timedelta(hours=3)))

    assert replace(ROCK, since=in_brasilia).since.isoformat() == NOON.isoformat()


@pytest.mark.parametrize("change", [{"key": " "}, {"since": NOON.replace(tzinfo=None)}])
def test_an_incident_without_key_or_zone_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"key|zone"):
        replace(ROCK, **change)  # type: ignore[arg-type]
