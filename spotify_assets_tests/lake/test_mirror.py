"""What exports and polls were known to say on earlier days, in a folder and on stores."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spotify_assets.lake import Lake, LakeError, comments, history, layout, mirror, retention
from spotify_assets.lake.polls import PolledDay
from spotify_assets.lake.retention import Rule
from spotify_assets.lake.store import Folder, Object, Remote, Store
from spotify_assets_tests.lake.samples import answer, question

FILE_ID = "0123456789abcdef"
DATE = dt.date(2026, 11, 20)
DAY = dt.timedelta(days=1)
Machine = Callable[[str], Lake]


@pytest.fixture
def machine(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """The lake as a machine of that name has it; a folder is of one machine."""
    monkeypatch.setattr(layout, "open_store", lambda _place: store)
    layout._log_at.cache_clear()
    if isinstance(store, Folder):
        yield lambda _name: Lake(store.root)
    else:
        yield lambda name: Lake(tmp_path / name, "memory:///")
    layout._log_at.cache_clear()


@pytest.fixture
def lake(machine: Machine) -> Lake:
    return machine("one")


@pytest.fixture
def pass_days(store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many days go by: whatever is there was made so long ago."""
    ago: dict[str, dt.timedelta] = {}

    def pass_on_disk(days: int) -> None:
        assert isinstance(store, Folder)
        for path in [one for one in store.root.rglob("*") if one.is_file()]:
            then = path.stat().st_mtime - days * DAY.total_seconds()
            os.utime(path, (then, then))

    if isinstance(store, Folder):
        return pass_on_disk
    assert isinstance(store, Remote)
    objects = store.objects

    def aged(folder: str) -> dict[str, Object]:
        return {
            key: replace(one, modified_at=one.modified_at - ago.get(key, DAY * 0))
            for key, one in objects(folder).items()
        }

    monkeypatch.setattr(store, "objects", aged)

    def pass_on_store(days: int) -> None:
        for key in objects(""):
            ago[key] = ago.get(key, DAY * 0) + DAY * days

    return pass_on_store


def put(lake: Lake, text: str, table: str = history.STREAMS) -> None:
    """Put the folder of an export file into place, or in the place of what is there."""
    with history.making(lake) as made:
        (made / "rows.parquet").write_text(text)
        history.place(lake, made, history.history_folder(lake, table, history.file_folder(FILE_ID)))


def read(lake: Lake) -> str:
    history.bring_up_to_date(lake)
    file = history.history_file(lake, history.STREAMS, history.file_folder(FILE_ID))
    return file.read_text() if file.exists() else ""


def known(lake: Lake, at: dt.datetime | None = None, keep: dt.timedelta | None = None) -> list[str]:
    """What other engines would read."""
    listed = mirror.known(lake, history.STREAMS, at, keep)
    return [lake.log.store.get(key).decode() for key, _ in listed]


def end_of(days_ago: int) -> dt.datetime:
    date = dt.datetime.now(dt.UTC).date() - DAY * days_ago
    return dt.datetime.combine(date, dt.time.max, dt.UTC)


def test_what_was_known_at_the_end_of_each_day_can_be_asked_for(
    machine: Machine, lake: Lake, pass_days: Callable[[int], None]
) -> None:
    for text in ("first", "second", "third"):
        put(lake, f"{text}, in the morning")
        put(lake, text)
        pass_days(1)
    assert [known(lake, end_of(ago)) for ago in (4, 3, 2, 1, 0)] == [
        *([], ["first"], ["second"], ["third"], ["third"])
    ]
    assert known(lake) == ["third"]
    assert read(lake) == read(machine("other")) == "third"


def test_what_is_on_a_store_is_never_written_again(lake: Lake, store: Store) -> None:
    if isinstance(store, Folder):
        pytest.skip("in a folder the file of the name is replaced by a rename")
    put(lake, "first")
    [first] = store.keys("processed")
    put(lake, "second")
    assert store.get(first) == b"first"
    assert [key.rpartition("/")[2] for key in store.keys("processed")] == [
        *("rows.parquet@0000000001", "rows.parquet@0000000002")
    ]


def test_of_two_machines_the_later_counts_whatever_each_has_seen(
    machine: Machine, lake: Lake
) -> None:
    put(lake, "first")
    other = machine("other")
    assert read(other) == "first"
    put(lake, "second")
    put(other, "third")
    assert read(lake) == read(other) == "third"


def test_one_version_of_a_day_is_kept_however_often_it_is_made(
    lake: Lake, store: Store, pass_days: Callable[[int], None]
) -> None:
    for number in range(5):
        put(lake, str(number))
    pass_days(1)
    for number in range(5, 10):
        put(lake, str(number))
    # On a store the last but one stays while somebody may be reading it.
    assert len(store.keys("processed")) == (2 if isinstance(store, Folder) else 3)
    assert [known(lake, end_of(1)), known(lake)] == [["4"], ["9"]]


def test_what_is_not_kept_is_refused(lake: Lake, pass_days: Callable[[int], None]) -> None:
    put(lake, "first")
    pass_days(1)
    put(lake, "second")
    now = dt.datetime.now(dt.UTC)
    begin = dt.datetime.combine(now.date(), dt.time.min, dt.UTC)
    with pytest.raises(LakeError, match="only the last of each day is kept"):
        known(lake, begin)
    with pytest.raises(LakeError, match="SPOTIFY_VERSIONS_KEPT_DAYS is 3"):
        known(lake, now - 4 * DAY, keep=3 * DAY)


def test_earlier_versions_go_when_they_are_kept_no_longer(
    lake: Lake, pass_days: Callable[[int], None]
) -> None:
    for text in ("first", "second", "third"):
        put(lake, text)
        pass_days(2)
    gone = mirror.collect(lake, history.TABLES, dt.datetime.now(dt.UTC) - 3 * DAY)
    assert len(gone) == 1
    assert [known(lake, end_of(ago)) for ago in (6, 4, 2)] == [[], ["second"], ["third"]]
    assert read(lake) == "third"


def test_what_is_forgotten_goes_with_every_earlier_version(
    machine: Machine, lake: Lake, store: Store, pass_days: Callable[[int], None]
) -> None:
    for text in ("private", "more private"):
        put(lake, text, history.STREAMING_HISTORY)
        put(lake, text)
        history.write_facts(lake, FILE_ID, text)
        pass_days(1)
    other = machine("other")
    assert read(other) == "more private"
    history.withdraw(other, FILE_ID)
    history.erase(other, FILE_ID)
    assert [key for key in store.keys("") if FILE_ID in key] == []
    assert known(lake, end_of(1)) == []
    assert read(lake) == read(other) == ""


def test_polls_are_purged_with_every_earlier_version_of_what_they_say(
    lake: Lake, store: Store, pass_days: Callable[[int], None]
) -> None:
    PolledDay(lake, DATE).append(question(1), answer(b"{}"))
    target = history.history_file(lake, "processed.plays", f"date={DATE}")
    for text in ("private", "more private"):
        with history.making(lake) as made:
            (made / "rows.parquet").write_text(text)
            history.place(lake, made, target.parent)
        pass_days(1)
    assert len(store.keys("processed")) == 2
    [part] = retention.due(lake, Rule(), dt.date(2027, 1, 1))
    retention.delete(lake, part)
    assert store.keys("processed") == []
    assert not [key for key in store.keys("raw") if "date=" in key]


def test_a_folder_that_was_copied_to_a_store_is_what_was_known_first(
    machine: Machine, lake: Lake, store: Store
) -> None:
    if isinstance(store, Folder):
        pytest.skip("of a store")
    store.create(f"processed/streams/{history.file_folder(FILE_ID)}/rows.parquet", b"copied")
    assert read(lake) == "copied"
    put(lake, "made again")
    assert read(machine("other")) == "made again"
    assert len(store.keys("processed")) == 2


def test_comments_are_there_in_one_version(
    lake: Lake, store: Store, pass_days: Callable[[int], None]
) -> None:
    lines: list[comments.Json] = [{"row": 1, "text": "private"}, {"row": 2}]
    at = dt.datetime.combine(DATE, dt.time(12), dt.UTC)
    path = comments.write_batch(
        lake, comments.Batch("a" * 24, at, "api", "radio", lines, left_out=[])
    )
    pass_days(1)
    comments.rewrite_batch(lake, path, without={1})
    assert len(store.keys("raw/comments")) == 1
    assert comments.read_batch(path).lines == [{"row": 2}]
