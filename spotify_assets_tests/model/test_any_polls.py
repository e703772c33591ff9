"""Any polls, with late plays and items that cannot be read, are as the documents say."""

import datetime as dt
import json
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets.lake.exchanges import Exchange, Request, Response
from spotify_assets.schemas.listening import Plays, Polls, QuarantinedPlays
from spotify_assets.transforms.listening.plays import process
from spotify_assets_tests.model.comparing import held_to_model
from spotify_assets_tests.model.polls import Answer, play_coverage, play_gaps, tables_of_day
from spotify_assets_tests.transforms.music import track
from spotify_assets_tests.warehouse.telling import in_memory, load_plays, write

BEGIN = dt.datetime(2026, 1, 4, 20)  # noqa: DTZ001 - in UTC, as all times of the tables
Item = dict[str, Any] | None


@pytest.fixture(scope="module")
def base() -> Iterator[duckdb.DuckDBPyConnection]:
    with in_memory() as connection:
        yield connection


def shown(random: Random, at: dt.datetime) -> Item:
    number = random.randrange(5)
    item: dict[str, Any] = {"track": track(number), "played_at": f"{at.isoformat()}Z"}
    elsewhere = f"{(at + dt.timedelta(hours=2)).isoformat()}+02:00"
    changed: dict[str, Any] = random.choice(
        [
            {"track": None},
            {"track": track(number, id=None, is_local=True)},
            {"track": track(number, name=None, artists=[], album=None)},
            {"track": track(number, external_ids=None, artists=None)},
            {"played_at": None},
            {"played_at": elsewhere},
            *[{}] * 10,
        ]
    )
    return None if random.random() < 0.06 else item | changed


def any_polls(random: Random) -> list[Answer]:
    """Some are refused or say nothing; some plays are shown late or never."""
    at, plays = BEGIN, list[tuple[dt.datetime, dt.datetime, Item]]()
    for _ in range(random.randint(0, 40)):
        at += dt.timedelta(minutes=random.choice([2, 3, 4, 60, 600, 1500]))
        late = dt.timedelta(minutes=random.choice([0, 0, 0, 30, 300]))
        plays.append((at, at + late, shown(random, at)))
    answers, asked_at = list[Answer](), BEGIN
    for line in range(1, random.randint(2, 25)):
        asked_at += dt.timedelta(minutes=random.choice([30, 30, 240, 1440]), seconds=line)
        limit = random.choice([3, 5])
        seen = [item for _, by, item in plays if by <= asked_at]
        body: Any = {"items": seen[::-1][:limit]}
        answer = Answer(line, asked_at, limit, random.choice([200] * 9 + [429]), body)
        if random.random() < 0.05:
            answer = Answer(line, asked_at, limit, 200, random.choice([{"items": None}, []]))
        answers.append(answer)
    return answers


def exchange(answer: Answer) -> Exchange:
    request = Request("me", "me/player/recently-played", {"limit": answer.limit})
    asked_at = answer.asked_at.replace(tzinfo=dt.UTC)
    body = json.dumps(answer.body).encode()
    return Exchange(answer.line, request, Response(answer.status, {}, body, asked_at, elapsed_ms=9))


def differences(base: duckdb.DuckDBPyConnection, seed: int) -> list[str]:
    random = Random(seed)  # noqa: S311
    expected: dict[str, list[Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        for date, of_day in groupby(any_polls(random), key=lambda answer: answer.asked_at.date()):
            answers = list(of_day)
            source = f"raw/recently_played/date={date}/polls.jsonl.zst"
            made = process(date, source, [exchange(answer) for answer in answers])
            for contract in (Plays, Polls, QuarantinedPlays):
                write(lake, contract, date, made[contract.table()].to_dicts())
            for table, rows in tables_of_day(date, source, answers).items():
                expected[table] = expected.get(table, []) + rows
        load_plays(lake, base)
    polls = expected["processed.polls"]
    expected["monitoring.play_gaps"] = play_gaps(polls)
    if polls:
        expected["star.play_coverage"] = play_coverage(polls, expected["processed.plays"])
    return [line for table, rows in expected.items() for line in held_to_model(base, table, rows)]


@pytest.mark.parametrize("seed", range(4))
def test_any_polls_are_published_as_the_documents_say(
    base: duckdb.DuckDBPyConnection, seed: int
) -> None:
    assert differences(base, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 150))
def test_many_polls_are_published_as_the_documents_say(
    base: duckdb.DuckDBPyConnection, seed: int
) -> None:
    assert differences(base, seed) == []
