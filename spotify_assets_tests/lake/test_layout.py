"""Where a partition lies, and what names it may have."""

import datetime as dt
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from spotify_assets.lake import GenreDay, Lake, LakeError, normalise_genre
from spotify_assets_tests.lake import crash_workers, processes

DAY = dt.date(2025, 11, 20)
MAX_FILE_NAME_BYTES = 255
AWKWARD = [
    "hip hop",
    "r&b",
    "rock/metal",
    "forró",
    "axé",
    "d'n'b",
    'so "called" jazz',
    "🎸 rock",
    "..",
    ".",
    "100% latino",
    "%2e%2e",
    "~/.ssh",
    "c:\\windows",
    "genre=rock",
    "a+b",
    "j-pop 日本",
    "date=2025-01-01",
    "*",
    "[0-9]",
]
admitted = st.text(min_size=1, max_size=60)


@pytest.mark.parametrize("genre", AWKWARD)
def test_an_awkward_name_is_one_folder_and_comes_back_from_it(genre: str) -> None:
    genre_day = GenreDay(normalise_genre(genre), DAY)

    assert _is_one_folder(_folder(genre_day))
    assert GenreDay.from_folder(_folder(genre_day)) == genre_day


@given(admitted)
@settings(database=None)
def test_any_admitted_name_is_one_folder_and_comes_back_from_it(text: str) -> None:
    genre_day = GenreDay(_normalised_if_admitted(text), DAY)

    assert _is_one_folder(_folder(genre_day))
    assert GenreDay.from_folder(_folder(genre_day)) == genre_day


@given(admitted, st.sampled_from(["", " ", "\u0301", "\u0327\u0301", "\u0345"]))
@example("ǰ", "")
@example("ß", "\u0301")
@example("İ", "\u0327\u0301")
@settings(database=None)
def test_a_normalised_name_is_composed_and_stays_as_it_is(text: str, mark: str) -> None:
    genre = _normalised_if_admitted(text + mark)

    assert normalise_genre(genre) == genre
    assert unicodedata.is_normalized("NFC", genre)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Forró", "forro\u0301"),
        ("  Hip \t Hop\n", "hip hop"),
        ("R&B", "r&b"),
        ("STRASSE", "straße"),
        ("bossa\u00a0nova", "bossa nova"),
    ],
)
def test_spellings_of_one_genre_are_one_name(one: str, other: str) -> None:
    assert normalise_genre(one) == normalise_genre(other)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000"])
def test_a_genre_needs_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="needs a name"):
        normalise_genre(text)


@pytest.mark.parametrize("text", ["rock|pop", "|", "...", "rock...pop", "wait...."])
def test_what_a_partition_key_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="partition key cannot"):
        normalise_genre(text)


@pytest.mark.parametrize("text", ["ro\x00ck", "rock\x1b[31m", "\x7f", "a\x08b", "a\x9fb"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        normalise_genre(text)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody sees"):
        normalise_genre("rock\ud83c")


@pytest.mark.parametrize(("letter", "most"), [("a", 240), ("é", 40), ("日", 26), ("🎸", 20)])
def test_a_name_is_as_long_as_a_folder_can_be_and_no_longer(letter: str, most: int) -> None:
    assert _is_one_folder(_folder(GenreDay(normalise_genre(letter * most), DAY)))
    with pytest.raises(ValueError, match="too long"):
        normalise_genre(letter * (most + 1))


def test_genre_days_are_in_order_of_day_then_genre() -> None:
    rock, pop = GenreDay("rock", DAY), GenreDay("pop", DAY)
    before = GenreDay("samba", DAY - dt.timedelta(days=1))

    assert sorted([rock, pop, before]) == [before, pop, rock]
    assert rock > pop
    assert str(rock) == "rock on 2025-11-20"


def test_scratch_is_in_the_lake_so_that_a_rename_stays_on_one_disk(lake: Lake) -> None:
    assert lake.scratch.parent == lake.root
    assert lake.scratch.is_dir()


def test_a_lake_that_cannot_be_written_says_where_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file where the folder must be")
    lake = Lake(tmp_path / "lake")

    for change in (lambda: lake.scratch, lambda: lake.claim("x")):
        with pytest.raises(LakeError, match=r"Cannot write .* to .*lake.*then run again"):
            change()


def test_a_lake_takes_the_data_of_one_source_only(lake: Lake) -> None:
    lake.claim("sandbox")
    lake.claim("sandbox")

    with pytest.raises(LakeError, match=r"of the sandbox.*of the spotify.*SPOTIFY_ASSETS_DATA_DIR"):
        lake.claim("spotify")
    lake.claim("sandbox")


def test_a_claim_that_failed_on_a_full_disk_can_be_made_later(lake: Lake) -> None:
    refused = processes.run(crash_workers.claims_on_a_full_disk, lake.root)
    assert (refused.returncode, refused.stderr) == (processes.REFUSED, "")

    lake.claim("spotify")
    with pytest.raises(LakeError):
        lake.claim("sandbox")


def _normalised_if_admitted(text: str) -> str:
    try:
        return normalise_genre(text)
    except ValueError:
        assume(False)
        raise


def _folder(genre_day: GenreDay) -> Path:
    return Lake(Path("/lake")).partition("raw.catalog", genre_day)


def _is_one_folder(folder: Path) -> bool:
    return (
        folder.parent.parent == Path("/lake/raw/catalog")
        # As the kernel reads it: no dots that lead elsewhere, no bytes that end a name.
        and folder.resolve() == folder
        and folder.as_posix().isprintable()
        and len(folder.parent.name.encode()) <= MAX_FILE_NAME_BYTES
    )


def test_sweeping_does_not_mind_files_that_other_runs_rename_into_place(tmp_path: Path) -> None:
    """Found by six runs of a backfill at once: one failed on a file that was gone by then."""
    lake, ends = Lake(tmp_path / "lake"), threading.Event()

    def write() -> None:
        number = 0
        while not ends.is_set():
            number += 1
            file = lake.scratch / f"{threading.get_ident()}-{number % 50}"
            file.touch()
            file.replace(tmp_path / file.name)

    with ThreadPoolExecutor(4) as pool:
        written = [pool.submit(write) for _ in range(4)]
        try:
            for _ in range(300):
                lake.sweep()
        finally:
            ends.set()
    assert [future.result() for future in written] == [None] * 4
