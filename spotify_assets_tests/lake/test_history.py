"""The folders of the listening history: in place by a rename, and swept after a kill."""

import os
from pathlib import Path

import pytest

from spotify_assets.lake import Lake, LakeError, history
from spotify_assets.lake.layout import SCRATCH_SECONDS

FOLDER = history.file_folder("0123456789abcdef")


def made(lake: Lake, text: str, target: Path) -> bool:
    with history.making(lake) as folder:
        (folder / "rows.parquet").write_text(text)
        return history.place(lake, folder, target)


def test_a_folder_is_put_into_place_and_then_its_files_are_replaced(lake: Lake) -> None:
    target = history.history_folder(lake, history.STREAMS, FOLDER)
    file = history.history_file(lake, history.STREAMS, FOLDER)

    assert made(lake, "old", target)
    assert file == lake.root / "processed" / "streams" / FOLDER / "rows.parquet"
    assert file.read_text() == "old"
    assert not made(lake, "new", target)
    assert file.read_text() == "new"
    assert history.imported_files(lake) == ["0123456789abcdef"]
    assert list((lake.root / ".importing").iterdir()) == []


def test_what_a_killed_import_left_is_swept_a_day_later(lake: Lake) -> None:
    importing = lake.root / ".importing"
    old, new = importing / "old", importing / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "rows.parquet").touch()
    long_ago = old.stat().st_mtime - SCRATCH_SECONDS - 1
    os.utime(old, (long_ago, long_ago))

    with history.making(lake):
        assert not old.exists()
        assert new.exists()


def test_a_folder_that_cannot_be_made_is_said(lake: Lake) -> None:
    (lake.root / "processed").mkdir(parents=True)
    (lake.root / "processed" / "streams").write_text("a file where the folder must be")

    with pytest.raises(LakeError, match=r"Cannot write the rows of an export file.*run again"):
        made(lake, "rows", history.history_folder(lake, history.STREAMS, FOLDER))
    assert list((lake.root / ".importing").iterdir()) == []
