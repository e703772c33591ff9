"""A corrupted object is set aside with what is wrong with it; its neighbours are kept."""

from collections.abc import Sequence

import pytest
from polars.testing import assert_frame_equal

from spotify_assets.transforms.catalog.responses import process
from spotify_assets_tests.transforms.accounts import (
    Tables,
    assert_adds_up,
    assert_every_credit_is_of_a_kept_track,
    assert_keeps_contracts,
    of,
    received,
    reconciliation,
)
from spotify_assets_tests.transforms.answers import seal
from spotify_assets_tests.transforms.corrupted import SHAPES, VALUES, Corrupted
from spotify_assets_tests.transforms.music import spotify_id

LETTERS = {"artist": "a", "track": "t", "album": "b"}


@pytest.fixture(scope="module")
def by_shape(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Each page is a genre of its own; all have their shape, so they are read strictly."""
    return _processed(tmp_path_factory, VALUES)


@pytest.fixture(scope="module")
def as_loose_json(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The same pages beside such as have not."""
    return _processed(tmp_path_factory, [*VALUES, *SHAPES])


def _processed(factory: pytest.TempPathFactory, corrupted: Sequence[Corrupted]) -> Tables:
    lake = factory.mktemp("lake")
    return process([seal(lake, one.page, genre=one.genre) for one in corrupted])


@pytest.mark.parametrize("one", [*VALUES, *SHAPES], ids=lambda one: one.genre)
def test_it_is_set_aside_with_the_reason(as_loose_json: Tables, one: Corrupted) -> None:
    item = f"/{one.kind}s/items/1"
    said = of(as_loose_json, one.genre)["quarantine.rows"]

    assert set(said.select("table_name", "source_pointer", "reason").rows()) == {
        (table, item + place, reason) for table, place, reason in one.aside
    }
    assert said.height == len(one.aside)
    assert set(said["source_line"]) == {1}


@pytest.mark.parametrize("one", [*VALUES, *SHAPES], ids=lambda one: one.genre)
def test_its_neighbours_are_kept(as_loose_json: Tables, one: Corrupted) -> None:
    rows = of(as_loose_json, one.genre)
    letter, table = LETTERS[one.kind], f"{one.kind}s"
    is_kept = all(corrupted != table for corrupted, _, _ in one.aside)
    kept = [1, 2, 3] if is_kept else [1, 3]

    assert [
        this for this in rows[f"processed.{table}"][f"{one.kind}_id"] if this.startswith(letter)
    ][: len(kept)] == [spotify_id(letter, number) for number in kept]
    positions = rows["processed.search_results"]["position"].to_list()
    is_found = all(corrupted != "search_results" for corrupted, _, _ in one.aside)
    assert positions == ([1, 2, 3] if is_found else [1, 3])


@pytest.mark.parametrize("one", [*VALUES, *SHAPES], ids=lambda one: one.genre)
def test_every_object_is_accounted_for(as_loose_json: Tables, one: Corrupted) -> None:
    assert_adds_up(as_loose_json, one.genre)
    counts = reconciliation(as_loose_json, one.genre)
    assert {**counts, **received([one.page])} == counts


@pytest.mark.parametrize("one", VALUES, ids=lambda one: one.genre)
def test_reading_by_shape_and_as_loose_json_give_the_same_rows(
    by_shape: Tables, as_loose_json: Tables, one: Corrupted
) -> None:
    for table, rows in of(by_shape, one.genre).items():
        assert_frame_equal(rows, of(as_loose_json, one.genre)[table])


def test_all_of_it_keeps_the_contracts(by_shape: Tables, as_loose_json: Tables) -> None:
    for tables in (by_shape, as_loose_json):
        assert_keeps_contracts(tables)
        assert_every_credit_is_of_a_kept_track(tables)
