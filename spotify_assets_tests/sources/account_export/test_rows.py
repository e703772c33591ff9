"""What a row of an export means, key by key, and which rows cannot be read."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from spotify_assets.lake import Lake
from spotify_assets.lake.history import STREAMING_HISTORY
from spotify_assets_tests.sources.account_export.samples import (
    TRACK_ID,
    account_play,
    imported,
    moment,
    old_play,
    play,
    reasons,
    rows,
    streams,
    without_track,
)

CHAPTER = "spotify:episode:7GhIk7Il098yCjg4BQjzvb"
BOOK = "spotify:show:4rOoJ6Egrf8K2IrywzwOMk"
ENDED = moment("2025-04-28T21:04:35")
DEVICE = moment("2025-04-28T21:04:32")
SAID = "since 2006 that has come"


def only(lake: Lake, row: dict[str, Any], name: str = "endsong_0.json") -> dict[str, Any]:
    """The one row that is made of one row."""
    file = imported(lake, [row], name)
    (found,) = streams(lake, file)
    return found


def refusal(lake: Lake, row: Any, name: str = "endsong_0.json") -> str:
    """Why a row cannot be read."""
    file = imported(lake, [row], name)
    assert (file.received, file.readable, file.unreadable) == (1, 0, 1)
    assert reasons(lake, file).keys() == {"/0"}
    return reasons(lake, file)["/0"]


def test_a_play_of_a_track_keeps_all_that_is_said_of_it(lake: Lake) -> None:
    assert only(lake, play()) == {
        "file_id": imported(lake, [play()], "endsong_0.json").file_id,
        "position": 1,
        "package": "extended",
        "kind": "music",
        "is_video": False,
        "account": None,
        "ended_at": ENDED,
        "uri": f"spotify:track:{TRACK_ID}",
        "track_id": TRACK_ID,
        "name": "Águas de Março",
        "artist_name": "Elis Regina",
        "album_name": "Elis & Tom",
        "ms_played": 181_603,
        "reason_start": "clickrow",
        "reason_end": "trackdone",
        "is_shuffle": False,
        "is_skipped": None,
        "is_offline": False,
        "is_incognito": False,
        "offline_at": DEVICE,
        "platform": "windows",
        "country": "BR",
    }


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2025-04-28T21:04:35Z", ENDED),
        ("2025-04-28T21:04:35", ENDED),
        ("2025-04-28 21:04:35", ENDED),
        ("2025-04-28T23:04:35+02:00", ENDED),
        ("2025-04-28T17:34:35-0330", ENDED),
        ("2025-04-28T23:04+02", ENDED.replace(second=0)),
        ("2025-04-28T21:04Z", ENDED.replace(second=0)),
        ("2025-04-28T21:04:35.950Z", ENDED),
        ("2025-04-28T23:04:35.950+02:00", ENDED),
        ("2025-04-28 21:04:35 UTC", ENDED),
        ("2025-04-28 21:04:35.950 UTC", ENDED),
        ("2025-04-28 21:04:35utc", ENDED),
        ("2025-04-28 21:04:35 GMT", ENDED),
        ("2025-04-28T21:04:35 Z", ENDED),
        ("2025-04-28t21:04:35z", ENDED),
        ("2025-04-28 23:04:35 +02:00", ENDED),
        ("2025-04-28 23:04:35 +0200 UTC", ENDED),
        ("2025-04-28 21:04:35,950", ENDED),
        (" 2025-04-28  21:04:35\n", ENDED),
        ("2025-04-28 21:04 UTC", ENDED.replace(second=0)),
        ("2006-01-01T00:00:00Z", moment("2006-01-01T00:00:00")),
        ("2026-11-21T12:00:00Z", moment("2026-11-21T12:00:00")),
    ],
)
def test_a_time_is_utc_to_the_second_whatever_zone_it_came_in(
    lake: Lake, said: str, meant: dt.datetime
) -> None:
    assert only(lake, play(ts=said))["ended_at"] == meant


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, "ts: missing"),
        ("", "ts: missing"),
        ("yesterday", "ts: expected a time, got yesterday"),
        ("2025-02-30T00:00:00Z", "ts: expected a time, got 2025-02-30T00:00:00Z"),
        ("2025-04-28", "ts: expected a time, got 2025-04-28"),
        ("2025-04-28 21:04:35 BRT", "ts: expected a time, got 2025-04-28 21:04:35 BRT"),
        ("2025-02-30 00:00:00 UTC", "ts: expected a time, got 2025-02-30 00:00:00 UTC"),
        ("infinity", "ts: expected a time, got infinity"),
        ("9999-12-31T23:59:59-12", f"ts: expected a time {SAID}, got 9999-12-31T23:59:59-12"),
        ("0000-01-01T00:00:00+12", f"ts: expected a time {SAID}, got 0000-01-01T00:00:00+12"),
        (1_745_874_272, "ts: expected a time, got 1745874272"),
        ({"ip": "x"}, "ts: missing"),
        ("2005-12-31T23:59:59Z", f"ts: expected a time {SAID}, got 2005-12-31T23:59:59Z"),
        ("2026-11-21T12:00:01Z", f"ts: expected a time {SAID}, got 2026-11-21T12:00:01Z"),
        ("x" * 200, "ts: expected a time, got " + "x" * 80),
    ],
)
def test_a_row_without_a_time_that_can_be_is_unreadable(
    lake: Lake, said: object, reason: str
) -> None:
    assert refusal(lake, play(ts=said)) == reason


@pytest.mark.parametrize("said", [1603, "1603", 1603.0, "1603.0"])
def test_numbers_may_be_texts(lake: Lake, said: object) -> None:
    assert only(lake, play(ms_played=said))["ms_played"] == 1603


@pytest.mark.parametrize("said", [0, 86_400_000])
def test_a_play_lasts_from_nothing_to_a_day(lake: Lake, said: int) -> None:
    assert only(lake, play(ms_played=said))["ms_played"] == said


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, "ms_played: missing"),
        (-1, "ms_played: expected 0 ms to a day, got -1"),
        (86_400_001, "ms_played: expected 0 ms to a day, got 86400001"),
        (10**30, f"ms_played: expected 0 ms to a day, got 1{'0' * 30}"),
        (5.7, "ms_played: expected whole milliseconds, got 5.7"),
        ("long", "ms_played: expected whole milliseconds, got long"),
        ("nan", "ms_played: expected whole milliseconds, got nan"),
        (True, "ms_played: expected whole milliseconds, got true"),
        ([1], "ms_played: missing"),
    ],
)
def test_a_row_without_a_length_that_can_be_is_unreadable(
    lake: Lake, said: object, reason: str
) -> None:
    assert refusal(lake, play(ms_played=said)) == reason


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            without_track(
                spotify_episode_uri=CHAPTER, episode_name="Folge 1", episode_show_name="Fest"
            ),
            ("podcast", CHAPTER, "Folge 1", "Fest", None),
        ),
        (
            without_track(
                audiobook_title="Dom Casmurro",
                audiobook_uri=BOOK,
                audiobook_chapter_uri=CHAPTER,
                audiobook_chapter_title="I",
                # Chapters look like episodes.
                spotify_episode_uri=CHAPTER,
                episode_name="I",
                episode_show_name="Dom Casmurro",
            ),
            ("audiobook", CHAPTER, "I", "Dom Casmurro", None),
        ),
        (without_track(audiobook_uri=BOOK), ("audiobook", BOOK, None, None, None)),
        (
            without_track(master_metadata_track_name="demo.mp3"),
            ("local_file", None, "demo.mp3", None, None),
        ),
        (
            play(spotify_track_uri="spotify:local:a:b:c:1"),
            ("local_file", "spotify:local:a:b:c:1", "Águas de Março", "Elis Regina", "Elis & Tom"),
        ),
        (
            play(spotify_track_uri="spotify:track:short"),
            ("music", "spotify:track:short", "Águas de Março", "Elis Regina", "Elis & Tom"),
        ),
    ],
)
def test_what_was_played_is_told_by_the_keys_that_are_filled(
    lake: Lake, row: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    found = only(lake, row)
    columns = ("kind", "uri", "name", "artist_name", "album_name")
    assert tuple(found[column] for column in columns) == expected
    assert found["track_id"] is None


@pytest.mark.parametrize(
    "row", [without_track(), without_track(master_metadata_track_name=""), {}, account_play()]
)
def test_a_row_that_names_nothing_is_unreadable(lake: Lake, row: dict[str, Any]) -> None:
    nameless = {**row, "ts": "2025-04-28T21:04:35Z", "ms_played": 1, "trackName": None}
    assert refusal(lake, nameless) == "names nothing that was played"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (1_745_874_272, DEVICE),
        ("1745874272", DEVICE),
        (1_745_874_272_000, DEVICE),
        (1_745_874_272_500, DEVICE.replace(microsecond=500_000)),
        (1_745_874_272.5, DEVICE.replace(microsecond=500_000)),
        (0, None),
        (1, None),
        (0.25, None),
        (-1, None),
        (1e300, None),
        (99_999_999_999, None),
        ("rubbish", None),
        (None, None),
        ([1_745_874_272], None),
    ],
)
def test_a_time_offline_is_seconds_or_milliseconds_and_else_none(
    lake: Lake, said: object, meant: dt.datetime | None
) -> None:
    assert only(lake, play(offline_timestamp=said))["offline_at"] == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        (1, True),
        (False, False),
        ("false", False),
        (0, False),
        (None, None),
        ("maybe", None),
        (2, None),
        ({}, None),
    ],
)
def test_a_mark_may_be_a_word_or_a_digit(lake: Lake, said: object, meant: bool | None) -> None:
    assert only(lake, play(skipped=said))["is_skipped"] is meant


def test_names_are_kept_as_they_came_but_for_nul(lake: Lake) -> None:
    name = ' "x"\\ [a]\n\u00c3\u00a9 \U0001f3b5 {} \u0000 '
    assert only(lake, play(master_metadata_track_name=name))["name"] == name.replace("\x00", "")


@pytest.mark.parametrize("name", ["[Intro]", "[]", '["x"]', "{}", "null"])
def test_a_name_may_look_like_a_list(lake: Lake, name: str) -> None:
    assert only(lake, play(master_metadata_track_name=name))["name"] == name


def test_a_list_where_a_name_should_be_is_no_name(lake: Lake) -> None:
    assert only(lake, play(master_metadata_track_name=["[]"]))["name"] is None


def test_keys_may_be_missing_all_but_a_time_a_length_and_a_name(lake: Lake) -> None:
    row = {"ts": "2025-04-28T21:04:35Z", "ms_played": 1, "master_metadata_track_name": "x"}
    found = only(lake, row)
    assert found["name"] == "x"
    assert {found[key] for key in ("uri", "reason_end", "is_shuffle", "offline_at")} == {None}


def test_a_row_without_the_key_of_a_track_is_music_and_with_null_in_it_a_local_file(
    lake: Lake,
) -> None:
    with_null = play(spotify_track_uri=None)
    without = {key: value for key, value in play().items() if key != "spotify_track_uri"}
    episode = without_track(episode_name="Folge 1", episode_show_name="Fest")
    episode.pop("spotify_track_uri")
    episode.pop("spotify_episode_uri")

    for content in ([without], [with_null], [with_null, without, play(), episode]):
        kinds = [row["kind"] for row in streams(lake, imported(lake, content))]
        expected = [
            "podcast" if row is episode else "local_file" if row is with_null else "music"
            for row in content
        ]
        assert kinds == expected


def test_a_name_that_spells_the_key_is_not_the_key(lake: Lake) -> None:
    row = play(master_metadata_track_name='"spotify_track_uri": ', platform="spotify_track_uri")
    row.pop("spotify_track_uri")
    assert only(lake, row)["kind"] == "music"


def test_the_account_is_a_pseudonym_that_differs_from_lake_to_lake(
    lake: Lake, tmp_path: Path
) -> None:
    content = [old_play(), play(username="somebody else"), play(), play(username="")]
    first, other, nobody, unnamed = streams(lake, imported(lake, content))
    assert first["account"] != other["account"]
    assert nobody["account"] is unnamed["account"] is None
    assert [len(row["account"]) for row in (first, other)] == [16, 16]
    assert only(lake, old_play())["account"] == first["account"]
    assert only(Lake(tmp_path / "elsewhere"), old_play())["account"] != first["account"]


def test_account_data_is_to_the_minute_and_has_no_ids(lake: Lake) -> None:
    found = only(lake, account_play(trackName="Unknown Track"), "StreamingHistory_music_0.json")
    assert (found["package"], found["kind"], found["uri"]) == ("account", "music", None)
    assert (found["name"], found["artist_name"]) == ("Unknown Track", "Elis Regina")
    assert found["ended_at"] == moment("2024-01-05T14:23:00")


def test_podcasts_of_account_data_are_episodes_of_shows(lake: Lake) -> None:
    row = {"endTime": "2024-01-05 14:23", "podcastName": "Fest", "episodeName": "1", "msPlayed": 5}
    found = only(lake, row, "StreamingHistory_podcast_0.json")
    assert (found["kind"], found["name"], found["artist_name"]) == ("podcast", "1", "Fest")


def test_audiobooks_of_account_data_are_chapters_of_books(lake: Lake) -> None:
    row = {
        "endTime": "2024-01-05 14:23",
        "audiobookName": "Dom Casmurro",
        "chapterName": "I",
        "authorName": "Machado de Assis",
        "msPlayed": 5,
    }
    file = imported(lake, [row, {**row, "chapterName": None}], "StreamingHistory_audiobook_0.json")
    found = streams(lake, file)
    assert [(one["kind"], one["name"], one["artist_name"]) for one in found] == [
        ("audiobook", "I", "Dom Casmurro"),
        ("audiobook", None, "Dom Casmurro"),
    ]
    assert rows(lake, STREAMING_HISTORY, file)["authorName"].to_list() == ["Machado de Assis"] * 2


def test_account_data_names_its_own_keys_where_they_are_wrong(lake: Lake) -> None:
    name = "StreamingHistory0.json"
    assert refusal(lake, account_play(endTime="x"), name) == "endTime: expected a time, got x"
    assert refusal(lake, account_play(msPlayed="x"), name).startswith("msPlayed: expected whole")
