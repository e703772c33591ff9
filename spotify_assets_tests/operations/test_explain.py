"""From a play back to what told of it: a poll's response, or a row of an export."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from spotify_assets.defs.publication import of_plays, queries
from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Exchange, Request, Response
from spotify_assets.lake.history import STREAMING_HISTORY, history_file, write_rows
from spotify_assets.lake.polls import PolledDay
from spotify_assets.operations.explain import (
    CannotExplain,
    Explanation,
    Exported,
    UnknownKey,
    explain,
)
from spotify_assets.schemas.monitoring import Requests
from spotify_assets.sources.account_export import find, read
from spotify_assets.transforms.listening import plays
from spotify_assets.warehouse.publication.publish import publish
from spotify_assets_tests.warehouse.conftest import MONDAY, write_genre_day

PLAYS = [of_plays()]
POLLED_AT = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
POLL = Request("recently_played", "me/player/recently-played", {"limit": 50})
Row = Mapping[str, Any]


def track_id(name: str) -> str:
    return name.replace(" ", "").ljust(22, "0")


def exported(ended_at: str, name: str) -> Row:
    return {
        "ts": ended_at,
        "ms_played": 180_000,
        "spotify_track_uri": f"spotify:track:{track_id(name)}",
        "master_metadata_track_name": name,
        "ip_addr": "192.0.2.1",
    }


def reported(played_at: str, name: str) -> Row:
    return {"played_at": played_at, "track": {"id": track_id(name), "name": name}}


class Listener:
    """A warehouse of what one listener played."""

    def __init__(self, folder: Path) -> None:
        self.lake, self.database = Lake(folder / "lake"), folder / "spotify.duckdb"
        self._given = folder / "Streaming_History_Audio_2026.json"

    def imports(self, *rows: Row) -> None:
        self._given.write_text(json.dumps(rows))
        (found,) = find([self._given]).files
        read(found, self.lake, dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
        publish(self.lake, self.database, {}, None, PLAYS)

    def polls(self, *answers: Sequence[Row], is_sealed: bool = False) -> None:
        day = PolledDay(self.lake, POLLED_AT.date())
        for minute, items in enumerate(answers):
            body = json.dumps({"items": list(items)}).encode()
            asked_at = POLLED_AT + dt.timedelta(minutes=minute)
            day.append(POLL, Response(200, {}, body, asked_at, 10))
        for table, rows in plays.process(day.date, day.source_file, day.read()).items():
            target = history_file(self.lake, table, f"date={day.date}")
            write_rows(self.lake, target, table, rows)
        if is_sealed:
            day.seal()
        publish(self.lake, self.database, {}, None, PLAYS)

    def explains(self, table: str, columns: str, where: str) -> Explanation:
        with duckdb.connect(self.database, read_only=True) as connection:
            [key] = connection.execute(f"SELECT {columns} FROM {table} WHERE {where}").fetchall()
        return explain(self.lake, self.database, table, [str(value) for value in key])

    def explains_play(self, where: str) -> Explanation:
        return self.explains("star.fact_play", "source_file, source_line", where)

    def explains_item(self, name: str) -> Explanation:
        return self.explains("star.dim_item", "item_key", f"name = '{name}'")


@pytest.fixture
def listener(tmp_path: Path) -> Listener:
    return Listener(tmp_path)


def test_a_play_of_an_export_leads_to_the_row_as_it_came(listener: Listener) -> None:
    rows = [exported("2026-01-05T10:00:00Z", "one"), exported("2026-01-05T11:00:00Z", "two")]
    listener.imports(*rows)
    found = listener.explains_play("ended_at = TIMESTAMP '2026-01-05 11:00:00'")
    assert isinstance(found.source, Exported)
    assert found.origin == "processed.streams"
    assert found.origin_row["name"] == "two"
    assert found.source_line == 2
    assert found.source.facts["file_name"] == "Streaming_History_Audio_2026.json"
    assert found.code_version
    # What is personal was never kept.
    kept = {name: str(value) for name, value in rows[1].items() if name != "ip_addr"}
    assert json.loads(found.whole) == found.shown == kept


@pytest.mark.parametrize("is_sealed", [False, True])
def test_a_play_that_the_api_reported_leads_to_the_polls_item(
    listener: Listener, is_sealed: bool
) -> None:
    first = [reported("2026-01-05T09:00:00Z", "one")]
    second = [reported("2026-01-05T11:00:00Z", "one"), reported("2026-01-05T10:00:00Z", "two")]
    listener.polls(first, second, is_sealed=is_sealed)
    found = listener.explains_play("ended_at = TIMESTAMP '2026-01-05 10:00:00'")
    assert isinstance(found.source, Exchange)
    assert (found.origin, found.source_line) == ("processed.plays", 2)
    assert found.shown == second[1]
    assert json.loads(found.whole) == {"items": second}
    assert found.code_version is None


def test_an_item_of_a_poll_that_cannot_be_read_leads_to_its_poll(listener: Listener) -> None:
    listener.polls([reported("2026-01-05T09:00:00Z", "one"), {"played_at": "yesterday"}])
    columns = "source_file, source_pointer"
    found = listener.explains("quarantine.plays", columns, "source = 'api'")
    assert isinstance(found.source, Exchange)
    assert found.source_line == 1
    assert json.loads(found.whole)["items"][1] == {"played_at": "yesterday"}


def test_of_a_row_of_an_export_that_cannot_be_read_it_says_where_it_stands(
    listener: Listener,
) -> None:
    listener.imports(exported("2026-01-05T10:00:00Z", "one"), {"ts": "yesterday"})
    with pytest.raises(CannotExplain, match=r"The row at /1 of raw/.* is not kept.*your export"):
        listener.explains("quarantine.plays", "source_file, source_pointer", "source = 'export'")


def test_an_item_leads_to_who_describes_it(listener: Listener) -> None:
    listener.polls([reported("2026-01-05T09:00:00Z", "told by the api")])
    listener.imports(
        exported("2026-01-05T09:30:00Z", "told by the export"),
        exported("2026-01-05T10:30:00Z", "told by the export"),
    )
    by_api = listener.explains_item("told by the api")
    assert by_api.row["known_from"] == "api"
    assert by_api.shown["track"]["name"] == "told by the api"
    by_export = listener.explains_item("told by the export")
    assert by_export.row["known_from"] == "export"
    assert by_export.source_line == 2, "the latest row says what it is called"


def test_the_run_that_asked_is_that_of_the_call_whose_answer_it_is(listener: Listener) -> None:
    item = reported("2026-01-05T09:00:00Z", "one")
    listener.polls([], [item])
    assert listener.explains_play("true").run_id is None, "the ledger knows nothing"
    with duckdb.connect(listener.database) as connection:
        for number, second in enumerate((-1, 59, 61), start=1):
            call = {
                "request_id": number,
                "requested_at": (POLLED_AT + dt.timedelta(seconds=second)).replace(tzinfo=None),
                "run_id": f"run {number}",
                "path": POLL.path,
                "params": json.dumps(dict(POLL.params)),
            }
            names, values = ", ".join(call), list(call.values())
            marks = ", ".join("?" * len(call))
            table = Requests.table()
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
    assert listener.explains_play("true").run_id == "run 2"


def test_an_unknown_key_is_answered_with_two_that_are_there(listener: Listener) -> None:
    listener.imports(
        *(exported(f"2026-01-05T1{hour}:00:00Z", f"track {hour}") for hour in range(3))
    )
    with pytest.raises(UnknownKey) as refused:
        explain(listener.lake, listener.database, "star.fact_play", ["nowhere", "1"])
    said = str(refused.value)
    assert "made of SOURCE_FILE SOURCE_LINE" in said
    keys = said.partition("e.g. ")[2].removesuffix(".").split(" or ")
    assert len(keys) == 2
    for key in keys:
        assert explain(listener.lake, listener.database, "star.fact_play", key.split()).shown


def test_an_unknown_key_of_an_empty_table_says_that_it_is_empty(listener: Listener) -> None:
    listener.imports(exported("2026-01-05T10:00:00Z", "one"))
    with pytest.raises(UnknownKey, match="GENRE DATE RANK; it is empty"):
        explain(
            listener.lake, listener.database, "rankings.top_tracks", ["rock", "2026-01-05", "1"]
        )


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [(b"not Parquet", "is damaged"), (None, "is not there")],
    ids=["damaged", "missing"],
)
def test_an_export_that_cannot_be_read_is_named(
    listener: Listener, bytes_: bytes | None, said: str
) -> None:
    listener.imports(exported("2026-01-05T10:00:00Z", "one"))
    [raw] = history_file(listener.lake, STREAMING_HISTORY, "").parent.glob("*/rows.parquet")
    _spoil(raw, bytes_)
    with pytest.raises(CannotExplain, match=rf"rows\.parquet {said}.+Restore it"):
        listener.explains_play("true")


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (b"no Zstandard", "is damaged"),
        (zstandard.compress(b"no JSON\n"), "is damaged"),
        (zstandard.compress(b""), "has no line 1"),
        (None, "is not there"),
    ],
    ids=["no archive", "no lines", "cut", "missing"],
)
def test_a_response_that_cannot_be_read_is_named(
    listener: Listener, bytes_: bytes | None, said: str
) -> None:
    write_genre_day(listener.lake, GenreDay("rock", MONDAY), ["one"])
    publish(listener.lake, listener.database, queries())
    raw = listener.lake.root / "raw" / "catalog" / "0001.jsonl.zst"
    raw.parent.mkdir(parents=True)
    raw.touch()
    _spoil(raw, bytes_)
    with pytest.raises(CannotExplain, match=rf"0001\.jsonl\.zst {said}.+Restore it"):
        listener.explains("processed.tracks", "genre, date, track_id", "true")


def _spoil(file: Path, bytes_: bytes | None) -> None:
    """Give a file other bytes, or delete it."""
    file.unlink() if bytes_ is None else file.write_bytes(bytes_)
