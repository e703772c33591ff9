"""``genres``: the list that the rotation reads again at each turn."""

from pathlib import Path

import pytest

from spotify_assets_tests.end_to_end.conftest import spotify_assets

pytestmark = pytest.mark.end_to_end


def listed(data_dir: Path) -> list[str]:
    done = spotify_assets("genres", "list", data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_genre_is_added_once_and_removed_by_a_command(tmp_path: Path) -> None:
    before = listed(tmp_path)
    added = spotify_assets("genres", "add", "Chá-chá-chá", "ROCK", data_dir=tmp_path)
    assert (added.returncode, added.stdout.splitlines()) == (
        0,
        ["Chá-chá-chá has its turn from now on.", "ROCK is on the list already."],
    )
    assert listed(tmp_path) == [*before, "chá-chá-chá"]

    removed = spotify_assets("genres", "remove", "chá-chá-chá", "polka", data_dir=tmp_path)
    assert (removed.returncode, removed.stdout.splitlines()) == (
        0,
        ["chá-chá-chá is collected no more.", "polka is not on the list."],
    )
    assert listed(tmp_path) == before


def test_what_is_no_genre_is_refused_and_named_and_harms_no_other(tmp_path: Path) -> None:
    (tmp_path / "genres.txt").write_text("rock\na|b\nsamba\n")
    done = spotify_assets("genres", "list", data_dir=tmp_path)
    assert done.stdout.splitlines() == ["rock", "samba"]
    assert "genres.txt, line 2" in done.stderr.replace("\n", "")

    done = spotify_assets("genres", "add", "x...y", data_dir=tmp_path)
    assert done.returncode == 2
    assert "partition key" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
