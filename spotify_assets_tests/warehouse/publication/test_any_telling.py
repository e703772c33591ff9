"""True plays, told by several files in different words and any order, are as many as there were."""

import datetime as dt
import unicodedata
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.lake import Lake
from spotify_assets_tests.warehouse.telling import (
    Row,
    account,
    ask,
    export,
    in_account,
    load_plays,
    moment,
    polled,
    report,
    track,
)

NAMES = ("one", "two", "six")
SHIFTS = (0, 0, 0, 65, 3600, 12 * 3600)
"""Seconds by which the extended history has a play later."""
FILES = {
    "first": ("Streaming_History_Audio_2026_0", export),
    "second": ("Streaming_History_Audio_2026_0", export),
    "account": ("StreamingHistory_music_0", account),
    "another account": ("StreamingHistory_music_0", account),
}


class Heard(NamedTuple):
    """A play that there was."""

    start: dt.datetime
    end: dt.datetime
    name: str
    ms: int
    later: int


@st.composite
def histories(draw: st.DrawFn, pauses: bool = False) -> list[Heard]:
    """Plays one after the other, from 18:00 on."""
    at = moment("18:00:00")
    plays = []
    for _ in range(draw(st.integers(1, 8))):
        name = draw(st.sampled_from(NAMES))
        ms = draw(st.sampled_from([1000, 4000, 31_000, 180_000, 180_000, 240_123]))
        pause = draw(st.sampled_from([0, 0, 95, 600])) if pauses else 0
        start = at + dt.timedelta(seconds=draw(st.sampled_from([2, 3, 200])))
        at = start + dt.timedelta(milliseconds=ms, seconds=pause)
        later = 0 if pauses else draw(st.sampled_from(SHIFTS))
        plays.append(Heard(start, at.replace(microsecond=0), name, ms, later))
    return plays


def clock(at: dt.datetime) -> str:
    return f"{at:%d %H:%M:%S}"


def other_words(row: Row, random: Random) -> Row:
    """A row as a later export has it."""
    said: dict[str, Any] = dict(row)
    change = random.choice(["nothing", "length", "time", "id", "names"])
    end = dt.datetime.fromisoformat(said["ts"])
    if change == "length":
        said["ms_played"] += random.randint(1, 500)
    elif change == "time":
        said["ts"] = (end + dt.timedelta(seconds=random.choice([-1, 1]))).isoformat()
    elif change == "id":
        said["spotify_track_uri"] = said["spotify_track_uri"][:-1] + "Z"
    elif change == "names":
        name = said["master_metadata_track_name"]
        said["master_metadata_track_name"] = unicodedata.normalize("NFD", name.upper())
    return said


def extended(plays: list[Heard]) -> list[Row]:
    return [
        track(clock(one.end + dt.timedelta(seconds=one.later)), one.name, one.ms) for one in plays
    ]


def in_short(plays: list[Heard]) -> list[Row]:
    return [in_account(clock(one.end), one.name, one.ms) for one in plays]


def as_told(lake: Lake, told: dict[str, list[Row]], random: Random) -> None:
    """Import the files in any order."""
    for number, file in enumerate(random.sample(list(told), len(told))):
        name, imported = FILES[file]
        rows = told[file]
        if imported is export:
            day = dt.timedelta(days=number)
            export(lake, rows, name, dt.datetime(2026, 11, 1, tzinfo=dt.UTC) + day)
        else:
            account(lake, rows, name)


def facts(base: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return ask(base, "SELECT * EXCLUDE (source_file, source_line) FROM star.fact_play ORDER BY ALL")


# A publication each: fewer than of what is pure.
FEWER = settings(max_examples=settings().max_examples // 5)


@FEWER
@given(histories(), st.randoms(use_true_random=False))
def test_exports_tell_each_play_once(
    base: duckdb.DuckDBPyConnection, plays: list[Heard], random: Random
) -> None:
    first = extended(plays)
    told = {
        "first": first,
        "second": [other_words(row, random) for row in first],
        "account": in_short(plays),
        "another account": in_short(plays[: len(plays) // 2 + 1]),
    }
    kept = {name: told[name] for name in told if name == "first" or random.random() < 0.7}
    orders = [{name: random.sample(rows, len(rows)) for name, rows in kept.items()}] * 2
    orders.append({name: random.sample(rows, len(rows)) for name, rows in kept.items()})
    results = []
    for rows_of in orders:
        with TemporaryDirectory() as folder:
            lake = Lake(Path(folder, "lake"))
            as_told(lake, rows_of, random)
            load_plays(lake, base)
        results.append(facts(base))
    assert [len(result) for result in results] == [len(plays)] * 3, kept
    assert results[0] == results[1]


@FEWER
@given(histories(pauses=True), st.randoms(use_true_random=False))
def test_polls_of_exported_plays_add_none(
    base: duckdb.DuckDBPyConnection, plays: list[Heard], random: Random
) -> None:
    reports = {
        (one.name, at): report(clock(at), one.name)
        for one in plays
        if one.ms >= 30_000
        for shift in [dt.timedelta(seconds=random.randint(-3, 3))]
        for at in [random.choice([one.start.replace(microsecond=0), one.end]) + shift]
    }
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder, "lake"))
        as_told(lake, {"first": extended(plays)}, random)
        if reports:
            polled(lake, *reports.values())
        load_plays(lake, base)
    assert len(facts(base)) == len(plays)
    in_api = ask(base, "SELECT count(*) FROM star.fact_play WHERE is_in_api")
    assert in_api == [(len(reports),)]
