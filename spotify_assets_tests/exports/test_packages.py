"""Finding a listening history: in zips, folders and files, by name and by content."""

from pathlib import Path

import pytest

from spotify_assets.exports import ExportError, find
from spotify_assets.exports.packages import ACCOUNT, EXTENDED, recognise
from spotify_assets_tests.exports.samples import NAME, account_play, play, written, zipped


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


def test_files_of_videos_and_of_podcasts_are_known(tmp_path: Path) -> None:
    video = written(tmp_path, [play()], "Streaming_History_Video_2023.json")
    podcast = written(tmp_path, [account_play()], "StreamingHistory_podcast_0.json")
    assert (video.is_video, video.is_podcast) == (True, False)
    assert (podcast.is_video, podcast.is_podcast) == (False, True)


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
