"""Which imported files are meant by a path, a name, a hash, a download or a time."""

import datetime as dt
import json
from pathlib import Path

import pytest

from spotify_assets.lake import Lake, history
from spotify_assets.sources.account_export import ExportError, find, read
from spotify_assets.sources.account_export.choosing import choose
from spotify_assets_tests.sources.account_export.samples import NOW, play, zipped

ONE, OTHER = "endsong_0.json", "endsong_1.json"
EARLIER = NOW - dt.timedelta(days=1)


@pytest.fixture
def download(lake: Lake, tmp_path: Path) -> Path:
    """A zip of two files, of which one came a day earlier by itself, beside one of its name."""
    path = zipped(tmp_path / "my_data.zip", {ONE: [play()], OTHER: [play(), play()]})
    alone = zipped(tmp_path / "alone.zip", {ONE: [play()]})
    namesake = zipped(tmp_path / "namesake.zip", {OTHER: [play(ms_played=5)]})
    for where, at in ((alone, EARLIER), (namesake, EARLIER), (path, NOW)):
        for file in find([where]).files:
            read(file, lake, at)
    return path


def meant(lake: Lake, wanted: str) -> list[tuple[str, int | None]]:
    return sorted((one.file_name, one.records) for one in choose(lake, wanted))


def test_a_path_means_what_lies_there_by_its_bytes(lake: Lake, download: Path) -> None:
    assert meant(lake, str(download)) == [(ONE, 1), (OTHER, 2)]
    renamed = download.with_name("renamed.json")
    renamed.write_text(json.dumps([play()]))
    assert meant(lake, str(renamed)) == [(ONE, 1)]


def test_a_name_a_hash_and_a_download_mean_their_files(lake: Lake, download: Path) -> None:
    (one,) = choose(lake, ONE)
    facts = json.loads(history.facts_file(lake, one.file_id).read_text(encoding="utf-8"))
    for words in (one.file_id, one.file_id[:6].upper(), facts["sha256"]):
        assert choose(lake, words) == [one]
    (both,) = (set(one.downloads) & set(file.downloads) for file in choose(lake, "2026-11-20"))
    assert meant(lake, *both) == [(ONE, 1), (OTHER, 2)]


@pytest.mark.parametrize("wanted", ["2026-11-19", "2026-11-19T12:00", "2026-11-19 12:00:00"])
def test_a_time_means_what_was_imported_then(lake: Lake, download: Path, wanted: str) -> None:
    assert meant(lake, wanted) == [(ONE, 1), (OTHER, 1)]


def test_a_name_of_several_files_is_asked_back(lake: Lake, download: Path) -> None:
    with pytest.raises(ExportError, match=r"2 files are called 'endsong_1\.json'\. Say which by"):
        choose(lake, OTHER)


@pytest.mark.parametrize("wanted", ["gone.zip", "endsong", "abcde", "2001-01-01"])
def test_what_means_no_file_is_an_error(lake: Lake, download: Path, wanted: str) -> None:
    with pytest.raises(ExportError, match="No imported file is meant by"):
        choose(lake, wanted)


def test_a_path_of_what_was_never_imported_is_an_error(
    lake: Lake, download: Path, tmp_path: Path
) -> None:
    other = zipped(tmp_path / "other.zip", {ONE: [play(ms_played=7)]})
    with pytest.raises(ExportError, match=r"Nothing of .*other\.zip is imported"):
        choose(lake, str(other))


def test_what_is_damaged_can_be_meant_by_its_id(lake: Lake, download: Path) -> None:
    (one,) = choose(lake, ONE)
    history.facts_file(lake, one.file_id).write_text("{")
    assert [held.file_id for held in choose(lake, one.file_id)] == [one.file_id]
