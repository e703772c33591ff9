from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotify_assets.lake import LakeError
from spotify_assets.operations import genres
from spotify_assets.settings import Settings
from spotify_assets_tests.lake.processes import at_once
from spotify_assets_tests.operations import genre_processes


@pytest.fixture
def path(data_dir: Path) -> Path:
    """The list of the data folder, which is not there yet."""
    return data_dir / "genres.txt"


def add(name: str) -> bool:
    settings = Settings()
    return genres.add(settings.own_genres_file, settings.genres_text, name)


def remove(name: str) -> bool:
    settings = Settings()
    return genres.remove(settings.own_genres_file, settings.genres_text, name)


def test_a_genre_is_a_line_in_one_spelling_and_once() -> None:
    assert genres.read(["# ours", "", "Rock ", "forró", "rock"]) == genres.GenreList(
        ["rock", "forró"], []
    )


def test_a_line_that_is_no_genre_harms_no_other_and_is_named() -> None:
    found = genres.read(["rock", "a|b", "x" * 300, "samba"])
    assert found.genres == ["rock", "samba"]
    assert [why.partition(":")[0] for why in found.refused] == ["line 2", "line 3"]
    assert "'a|b' holds '|'" in found.refused[0]


@given(st.lists(st.text()))
def test_any_text_is_a_list_of_which_some_lines_may_be_refused(lines: list[str]) -> None:
    found = genres.read(["rock", *lines, "samba"])
    assert found.genres[0] == "rock"
    assert "samba" in found.genres
    assert genres.read(found.genres) == genres.GenreList(found.genres, [])


def test_the_first_genre_that_is_added_stands_after_those_of_the_package(path: Path) -> None:
    before = Settings().genres
    assert add("Neue Deutsche Welle")
    assert Settings().genres == [*before, "neue deutsche welle"]
    assert path.read_text().endswith("\nneue deutsche welle\n")


def test_settings_that_are_held_see_a_genre_that_is_added(path: Path) -> None:
    held = Settings()
    assert add("neue deutsche welle")
    assert held.genres[-1] == "neue deutsche welle"


def test_adding_a_genre_again_in_another_spelling_changes_nothing(path: Path) -> None:
    add("chá-chá-chá")
    before = path.read_bytes()
    assert not add(" CHÁ-CHÁ-CHÁ ")
    assert path.read_bytes() == before


def test_comments_and_lines_that_are_no_genre_stay(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("# ours\nrock\na|b\nRock\nsamba")
    assert add("pop")
    assert remove("rock")
    assert path.read_text() == "# ours\na|b\nsamba\npop\n"


def test_removing_what_is_not_there_changes_nothing(path: Path) -> None:
    add("chá-chá-chá")
    before = path.read_bytes()
    assert not remove("no such genre")
    assert path.read_bytes() == before


def test_the_last_genre_can_be_removed(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("rock\n")
    assert remove("rock")
    assert Settings().genres == []


def test_processes_that_add_at_once_lose_none(path: Path) -> None:
    assert at_once(genre_processes.adds_when_told, (path, "one"), (path, "two")) == [0, 0]

    assert set(Settings().genres) == {f"{own} {n}" for own in ("one", "two") for n in range(50)}


def test_what_is_no_genre_is_not_written(path: Path) -> None:
    with pytest.raises(ValueError, match="partition key"):
        add("a|b")
    assert not path.exists()


def test_a_list_of_another_program_is_read_whatever_its_bytes(path: Path) -> None:
    path.parent.mkdir()
    # With a byte order mark, and a line in Latin-1.
    path.write_bytes("\ufeffrock\r\n".encode() + "forró\r\n".encode("latin-1") + b"samba\r\n")
    found = Settings().genre_list
    assert found.genres == ["rock", "samba"]
    assert [why.partition(":")[0] for why in found.refused] == ["line 2"]


def test_a_list_that_cannot_be_written_is_a_clear_error(path: Path) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(LakeError, match="Cannot write the list of genres"):
        genres.add(path, "", "rock")
