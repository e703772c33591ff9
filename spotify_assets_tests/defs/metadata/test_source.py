"""The source of an expression, as the UI shows it."""

import pytest

from spotify_assets.defs.metadata.source import Function, source
from spotify_assets.transforms.catalog import rankings
from spotify_assets.transforms.expressions import OF_A_GENRE_DAY, OF_ALL_DAYS

EXPRESSIONS = [*OF_A_GENRE_DAY.values(), *OF_ALL_DAYS.values()]


def test_an_expression_is_shown_with_all_that_it_calls_each_once() -> None:
    shown = source(rankings.ranked_tracks)
    assert shown.startswith("@makes(\n    rankings.RankedTracks,")
    for called in ("_rank", "_artist_names", "first_positions"):
        assert shown.count(f"def {called}(") == 1
    assert "def top_tracks" not in shown
    # How a contract becomes a table is the same for all, and says nothing of this one.
    assert "def conform" not in shown


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda one: one.__name__)
def test_what_is_shown_can_be_read_on_a_screen_or_two(expression: Function) -> None:
    shown = source(expression)
    compile(shown, "shown", "exec")
    assert len(shown.splitlines()) < 150
