"""Finding a listening history: in zips, folders and files, by name and by content."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from spotify_assets.sources.account_export import ExportError, find
from spotify_assets.sources.account_export.packages import ACCOUNT, EXTENDED, recognise
from spotify_assets_tests.sources.account_export.samples import (
    NAME,
    Row,
    account_play,
    play,
    written,
    zipped,
)


@pytest.mark.parametrize(
    ("name", "head", "package"),
    [
        (NAME, b"[]", EXTENDED),
        ("Streaming_History_Video_2023.json", b"[]", EXTENDED),
        ("endsong_12.json", b"[]", EXTENDED),
        ("endsong_12 (1).json", b"[]", EXTENDED),
        ("StreamingHistory0.json", b"[]", ACCOUNT),
        ("StreamingHistory_music_0.json", b"[]", ACCOUNT),
        ("StreamingHistory_podcast_3.json", b"[]", ACCOUNT),
        ("renamed.json", b'[{"ts": "x", "ms_played": 1}]', EXTENDED),
        ("renamed.json", b'[{"endTime":"x","msPlayed":1}]', ACCOUNT),
        ("endsong_0.json", b'[{"endTime":"x","msPlayed":1}]', ACCOUNT),
        ("Playlist1.json", b'{"playlists": [{"name": "ts"}]}', None),
        ("Userdata.json", b'{"username": "x"}', None),
        ("StreamingHistory.json.txt", b"", None),
    ],
)
def test_the_content_says_what_a_file_is_and_else_its_name(
    name: str, head: bytes, package: str | None
) -> None:
    it = recognise(name, head)
    assert (it and it.package) == package


@pytest.mark.parametrize(
    ("name", "media", "part"),
    [
        ("Streaming_History_Audio_2019-2020_3.json", "audio", 3),
        ("Streaming_History_Audio_2019_0.json", "audio", 0),
        ("Streaming_History_Audio_2019.json", "audio", None),
        ("Streaming_History_Video_2018-2024.json", "video", None),
        ("Streaming_History_Video_2018-2024_1.json", "video", 1),
        ("endsong_12.json", "audio", 12),
        ("endsong_12 (1).json", "audio", 12),
        ("endsong.json", "audio", None),
        ("endvideo_0.json", "video", 0),
        ("endvideo.json", "video", None),
        ("StreamingHistory11.json", "audio", 11),
        ("StreamingHistory_music_2.json", "music", 2),
        ("StreamingHistory_podcast_0.json", "podcast", 0),
        ("StreamingHistory_audiobook_1.json", "audiobook", 1),
    ],
)
def test_the_name_says_of_what_a_file_tells_and_its_number(
    tmp_path: Path, name: str, media: str, part: int | None
) -> None:
    file = written(tmp_path, b"[]", name)
    assert (file.media, file.part, file.is_video) == (media, part, media == "video")


@pytest.mark.parametrize(("key", "media"), [("podcastName", "podcast"), ("trackName", "audio")])
def test_the_keys_of_account_data_say_of_what_a_renamed_file_tells(
    tmp_path: Path, key: str, media: str
) -> None:
    row = {"endTime": "2024-01-05 14:23", "msPlayed": 1, key: "x"}
    assert written(tmp_path, [row], "Historico.json").media == media


def test_what_came_in_one_zip_or_one_folder_is_of_one_origin(tmp_path: Path) -> None:
    both = {"a/endsong_0.json": [play()], "a/endsong_1.json": [play()]}
    here = zipped(tmp_path / "my_spotify_data.zip", both)
    there = zipped(tmp_path / "moved.zip", both)
    other = zipped(tmp_path / "other.zip", {**both, "b/endsong_0.json": [play(ms_played=5)]})
    folder = written(tmp_path / "folder", [play()])

    origins = [[file.origin for file in find([path]).files] for path in (here, there, other)]

    assert origins[0] == origins[1]
    assert len(set(origins[0])) == 1
    assert len(set(origins[2])) == 2
    assert not {*origins[0], *origins[2]} & {folder.origin}
    assert written(tmp_path / "folder", [play()], "endsong_4.json").origin == folder.origin


def test_a_folder_is_searched_to_any_depth_also_its_zips(tmp_path: Path) -> None:
    inner = tmp_path / "Spotify" / "2025"
    inner.mkdir(parents=True)
    (inner / NAME).write_text("[]")
    (inner / "Userdata.json").write_text("{}")
    (inner / f"._{NAME}").write_text("[]")
    zipped(tmp_path / "Spotify" / "my_data.ZIP", {f"Spotify Data/{NAME}": [play()]})

    found = find([tmp_path])

    assert sorted((file.container.name, file.name) for file in found.files) == [
        ("my_data.ZIP", f"Spotify Data/{NAME}"),
        (tmp_path.name, f"Spotify/2025/{NAME}"),
    ]
    assert {file.file_name for file in found.files} == {NAME}
    assert (found.passed_over, found.refused, found.warnings) == (1, (), [])


def test_a_file_is_a_stream_of_its_bytes_also_from_a_zip(tmp_path: Path) -> None:
    content = b"[%s]" % (b" " * 200_000)
    plain = written(tmp_path, content)
    (packed,) = find([zipped(tmp_path / "a.zip", {NAME: content})]).files
    assert b"".join(plain.chunks()) == b"".join(packed.chunks()) == content


def test_account_data_is_taken_with_a_warning(tmp_path: Path) -> None:
    path = zipped(tmp_path / "my_spotify_data.zip", {"StreamingHistory0.json": [account_play()]})
    (warning,) = find([path]).warnings
    assert str(path) in warning
    assert "the last year only" in warning


def test_where_there_is_nothing_the_error_says_what_to_ask_for(tmp_path: Path) -> None:
    path = zipped(tmp_path / "other.zip", {"watch-history.json": b'[{"title":"x"}]'})
    with pytest.raises(
        ExportError, match=r"other\.zip holds no listening history.*Ask for the ext"
    ):
        find([path])


def test_a_place_that_is_not_there_does_not_keep_the_others_out(tmp_path: Path) -> None:
    file = written(tmp_path, [play()])
    found = find([tmp_path / "gone.zip", file.container / file.name])
    assert found.files == (file,)
    assert [one.reason for one in found.refused] == [f"{tmp_path / 'gone.zip'} does not exist."]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "endsong_0.json", "is empty"),
        (b"\xef\xbb\xbf\n ", "endsong_0.json", "is empty"),
        (b"%PDF-1.7 ...", "endsong_0.json", "is a PDF"),
        (b"<!doctype html><p>Sign in", "endsong_0.json", "is HTML"),
        (b"ts,ms_played\n2024-01-01,5\n", "plays.csv", "is CSV"),
        (b"endTime;msPlayed\r\n", "StreamingHistory0.csv", "is CSV"),
        ("ts,ms_played\n".encode("utf-16"), "endsong_0.csv", "is CSV"),
        (b"PK\x03\x04...", "endsong_0.xlsx", "is a zip or an Office file"),
        (b"nothing of the kind", "endsong_0.json", "is no JSON"),
        (b'{"playlists": []}', "Playlist1.json", "holds no listening history"),
    ],
)
def test_what_is_no_history_is_refused_by_what_it_is(
    tmp_path: Path, content: bytes, name: str, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ExportError) as named:
        find([tmp_path / name])
    assert f"{tmp_path / name} {said}" in str(named.value)
    written(tmp_path, [play()], "whole.json")
    in_folder = find([tmp_path])
    assert [file.file_name for file in in_folder.files] == ["whole.json"]
    refused = [one.reason for one in in_folder.refused]
    assert len(refused) == (name != "Playlist1.json")
    assert all(f"{tmp_path / name} {said}" in reason for reason in refused)


def test_endings_and_what_macos_leaves_do_no_harm(tmp_path: Path) -> None:
    content: dict[str, bytes | Sequence[Row]] = {
        "Spotify/endsong_0.json.txt": [play()],
        "Spotify/endsong_1.jsonl": json.dumps(play()).encode(),
        "Spotify/endsong_2.json.gz": gzip.compress(json.dumps([play()]).encode()),
        "Spotify/HistóricoDeStreaming0.json": [account_play()],
        "__MACOSX/Spotify/._endsong_0.json": b"\0\5\x16\7",
        "Spotify/.DS_Store": b"\0\0\0\1Bud1",
        "Spotify/ReadMeFirst.pdf": b"%PDF-1.7",
        "Spotify/note.txt": b"read me",
    }
    found = find([zipped(tmp_path / "a.zip", content)])
    assert [(file.file_name, file.package, file.part) for file in found.files] == [
        ("endsong_0.json.txt", EXTENDED, 0),
        ("endsong_1.jsonl", EXTENDED, 1),
        ("endsong_2.json.gz", EXTENDED, 2),
        ("HistóricoDeStreaming0.json", ACCOUNT, 0),
    ]
    assert found.refused == ()


def test_account_data_says_which_shows_are_followed_and_whose_it_is(tmp_path: Path) -> None:
    library = {"tracks": [], "shows": [{"name": "Fest", "uri": "x"}, {"name": "Café"}]}
    content: dict[str, bytes | Sequence[Row]] = {
        "a/StreamingHistory0.json": [account_play()],
        "a/YourLibrary.json": json.dumps(library).encode(),
        "a/Userdata.json": b'{"username": "maria"}',
        "b/StreamingHistory0.json": [account_play(msPlayed=1)],
    }
    with_library, without = find([zipped(tmp_path / "a.zip", content)]).files
    assert (with_library.shows, with_library.username) == (("Café", "Fest"), "maria")
    assert (without.shows, without.username) == ((), None)
    assert "maria" not in repr(with_library)


def test_a_library_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    content: dict[str, bytes | Sequence[Row]] = {
        "StreamingHistory0.json": [account_play()],
        "YourLibrary.json": b'{"shows": [',
    }
    found = find([zipped(tmp_path / "a.zip", content)])
    assert any("YourLibrary.json cannot be read" in warning for warning in found.warnings)
    assert found.files[0].shows == ()
