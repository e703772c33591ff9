"""Batches that come at once are each on the disk before anybody is told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from spotify_assets.lake import comments


def test_a_folder_is_synced_after_what_each_of_many_put_there_and_once_for_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    first_runs, others_wait = threading.Event(), threading.Event()

    def sync(folder: Path) -> None:
        seen.append({path.name for path in folder.iterdir()})
        first_runs.set()
        others_wait.wait(30)

    monkeypatch.setattr(comments, "sync", sync)
    synced = comments._Synced()

    def put(name: str) -> int:
        (tmp_path / name).touch()
        synced.sync(tmp_path)
        return next(number for number, names in enumerate(seen) if name in names)

    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(put, "0")
        assert first_runs.wait(30)
        others = [pool.submit(put, str(number)) for number in range(1, 5)]
        while len(list(tmp_path.iterdir())) < 5:
            pass
        others_wait.set()
        # Nobody is done before a sync that saw its file.
        assert first.result(30) == 0
        assert all(one.result(30) <= len(seen) for one in others)
    assert len(seen) <= 5
