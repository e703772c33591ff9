"""What is kept of the compiler is what it says, and nothing but code decides whether it is used."""

from pathlib import Path

import pytest

from spotify_assets.defs import compiled as kept
from spotify_assets.defs.compiled import Compiled, compiled
from spotify_assets.defs.metadata.lineage import origins
from spotify_assets.transforms import expressions
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is kept, in a cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "spotify-assets" / kept.FILE


def test_what_is_kept_is_what_the_compiler_says(file: Path) -> None:
    for process in ("the first", "a later one"):
        kept._all.cache_clear()
        for contract in (*OF_A_GENRE_DAY, *OF_ALL_DAYS):
            assert compiled(contract) == Compiled(
                expressions.sql(contract), expressions.sql_of_some(contract), origins(contract)
            ), process
        assert file.exists()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"code": "of another version"}'])
def test_a_damaged_or_older_file_is_made_again(file: Path, damage: bytes) -> None:
    compiled(OF_CHOICE)
    whole = file.read_bytes()
    file.write_bytes(damage)
    kept._all.cache_clear()
    assert compiled(OF_CHOICE).sql == expressions.sql(OF_CHOICE)
    assert file.read_bytes() == whole


def test_without_a_folder_to_keep_it_in_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no folder").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no folder"))
    assert compiled(OF_CHOICE).sql == expressions.sql(OF_CHOICE)


OF_CHOICE = next(iter(OF_ALL_DAYS))
