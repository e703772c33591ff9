"""The files of the exports: named, cut and worded as Spotify's, and true to the row."""

import datetime as dt
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
import pytest

from spotify_assets.sandbox.catalog import generate
from spotify_assets.sandbox.exports import ExportFile, PackageName, files
from spotify_assets.sandbox.listening import Listener, history
from spotify_assets.sandbox.repertoire import Repertoire

REPERTOIRE = Repertoire.of(generate(seed=1, tracks=500))


def midnight(year: int) -> dt.datetime:
    return dt.datetime.combine(dt.date(year, 1, 1), dt.time())


SINCE, UNTIL = midnight(2014), midnight(2025)
Row = dict[str, Any]


@dataclass
class Export:
    """What really was played, the files, and their rows as anybody reads them."""

    truth: pl.DataFrame
    files: list[ExportFile]

    @cached_property
    def parsed(self) -> dict[str, list[Row]]:
        return {file.name: json.loads(file.json()) for file in self.files}

    def rows(self, part: str = "") -> list[Row]:
        """The rows of the files whose name has the part, in their order."""
        return [row for name, rows in self.parsed.items() if part in name for row in rows]

    def names(self, part: str = "") -> list[str]:
        return [file.name.split("/")[-1] for file in self.files if part in file.name]

    def sizes(self, part: str) -> list[int]:
        return [len(file.rows) for file in self.files if part in file.name]


def made(package: PackageName, plays_a_day: float, since: dt.datetime) -> Export:
    chunks = list(history(Listener(plays_a_day=plays_a_day), REPERTOIRE, since, UNTIL))
    return Export(pl.concat(chunks), list(files(chunks, [package], UNTIL)))


@pytest.fixture(scope="module")
def extended() -> Export:
    return made("extended", 12, SINCE)


@pytest.fixture(scope="module")
def account() -> Export:
    return made("account", 40, midnight(2023))


def test_extended_files_are_named_and_cut_as_spotifys(extended: Export) -> None:
    assert {file.name.split("/")[0] for file in extended.files} == {
        "Spotify Extended Streaming History"
    }
    audio = extended.names("Audio")
    assert len(audio) > 2
    for number, name in enumerate(audio):
        assert re.fullmatch(rf"Streaming_History_Audio_20\d\d(-20\d\d)?_{number}\.json", name)
    assert extended.names("Video") == ["Streaming_History_Video_2016-2024.json"]
    assert extended.names("endsong") == ["endsong_0.json"]
    sizes = extended.sizes("Audio")
    assert set(sizes[:-1]) == {15_700}
    assert 0 < sizes[-1] <= 15_700


def test_a_full_file_is_an_array_of_about_twelve_megabytes(extended: Export) -> None:
    body = next(file for file in extended.files if "Audio" in file.name).json()
    assert body.startswith(b'[{"ts":"2016-01-0')
    assert body.endswith(b"}]")
    assert 10e6 < len(body) < 13e6


def test_the_years_of_a_name_are_those_of_its_plays(extended: Export) -> None:
    for file in extended.files:
        years = re.findall(r"20\d\d", file.name)
        if years:
            assert file.rows["ts"][0].startswith(years[0])
            assert file.rows["ts"][-1].startswith(years[-1])


def test_extended_files_tell_the_truth_to_the_row(extended: Export) -> None:
    told = extended.rows()
    assert len(told) == len(extended.truth)
    key = ["ts", "ms_played", "platform", "conn_country", "reason_start", "reason_end", "shuffle"]
    key += ["skipped", "offline", "incognito_mode"]
    expected = extended.truth.select(
        pl.col("ended_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ms_played",
        *["platform", "country", "reason_start", "reason_end", "shuffle", "skipped"],
        *["offline", "incognito"],
        pl.coalesce("uri", pl.format("{} by {}", "name", "artist_name")),
    )
    assert sorted(map(repr, ((*(row[name] for name in key), what(row)) for row in told))) == sorted(
        map(repr, expected.iter_rows())
    )


def what(row: Row) -> str:
    """What was played, as an importer has to find out."""
    uris = ("spotify_track_uri", "spotify_episode_uri", "audiobook_chapter_uri")
    found = [row[name] for name in uris if row.get(name)]
    assert len(found) <= 1
    by = f"{row['master_metadata_track_name']} by {row['master_metadata_album_artist_name']}"
    return found[0] if found else by


@pytest.mark.parametrize(
    ("kind", "filled"),
    [
        ("music", ["track_name", "album_artist_name", "album_album_name", "track_uri"]),
        ("podcast", ["episode_name", "episode_show_name", "episode_uri"]),
        ("audiobook", ["_title", "book_uri", "chapter_uri", "chapter_title"]),
    ],
)
def test_each_kind_fills_its_own_keys(extended: Export, kind: str, filled: list[str]) -> None:
    row_of = {what(row): row for row in extended.rows("Streaming_History")}
    uri = extended.truth.filter(pl.col("kind") == kind)["uri"][-1]
    has = {key for key, value in row_of[uri].items() if value is not None}
    about = {key for key in has if re.search("master|track|episode|audiobook", key)}
    assert len(about) == len(filled)
    assert all(any(key.endswith(end) for key in about) for end in filled)


def test_local_files_have_names_but_no_uri(extended: Export) -> None:
    local = [row for row in extended.rows() if " by " in what(row) and not uri_of(row)]
    assert len(local) == len(extended.truth.filter(pl.col("kind") == "local_file")) > 100
    assert all(row["master_metadata_track_name"] for row in local)


def uri_of(row: Row) -> str | None:
    return row["spotify_track_uri"] or row["spotify_episode_uri"] or row.get("audiobook_uri")


def test_videos_are_in_files_of_their_own(extended: Export) -> None:
    recent = extended.truth.filter(pl.col("ended_at") >= midnight(2016))
    videos = recent.filter("is_video")["uri"].to_list()
    assert [what(row) for row in extended.rows("Video")] == videos


def test_older_files_have_other_keys(extended: Export) -> None:
    old, new = extended.rows("endsong"), extended.rows("Audio")
    assert old[0].keys() - new[0].keys() == {
        "username",
        "ip_addr_decrypted",
        "user_agent_decrypted",
    }
    assert {row["skipped"] for row in old} == {None, False}
    assert {row["skipped"] for row in new} == {False, True}
    assert max(row["ts"] for row in old) < "2016" <= min(row["ts"] for row in new)
    at = [row["offline_timestamp"] for row in old]
    assert 0 in at
    assert all(one > 1e11 for one in at if one)
    assert all(1e9 < row["offline_timestamp"] < 2e9 for row in new)


def test_addresses_are_of_a_net_for_examples(extended: Export) -> None:
    found = {row.get("ip_addr") or row["ip_addr_decrypted"] for row in extended.rows()}
    assert len(found) > 100
    for address in found:
        assert re.fullmatch(r"203\.0\.113\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])", address)


def test_account_data_is_of_the_last_year_to_the_minute(account: Export) -> None:
    assert account.names() == ["StreamingHistory_music_0.json", *account.names()[1:]]
    assert {file.name.split("/")[0] for file in account.files} == {"Spotify Account Data"}
    last = account.truth.filter(pl.col("ended_at") >= UNTIL - dt.timedelta(days=365))
    end = pl.col("ended_at").dt.strftime("%Y-%m-%d %H:%M")
    shown = last.select(end, "artist_name", "name", "ms_played", "kind")
    episodes = shown.filter(pl.col("kind") == "podcast").drop("kind")
    keys = ["endTime", "podcastName", "episodeName", "msPlayed"]
    assert [list(row) for row in account.rows("podcast")[:1]] == [keys]
    assert [tuple(row.values()) for row in account.rows("podcast")] == episodes.rows()
    music = shown.filter(pl.col("kind").is_in(["music", "local_file"]))
    told = account.rows("music")
    assert list(told[0]) == ["endTime", "artistName", "trackName", "msPlayed"]
    for row, (*known, kind) in zip(told, music.rows(), strict=True):
        unknown = ["Unknown Artist", "Unknown Track"] if kind == "local_file" else known[1:3]
        assert list(row.values()) == [known[0], *unknown, known[3]]


def test_files_of_account_data_have_at_most_ten_thousand_rows(account: Export) -> None:
    sizes = account.sizes("music")
    assert len(sizes) > 1
    assert set(sizes[:-1]) == {10_000}
    assert 0 < sizes[-1] <= 10_000
