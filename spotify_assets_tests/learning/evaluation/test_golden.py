"""The golden set: frozen, as large as it must be, and nowhere in what labellers are made of."""

from collections import Counter

import pytest

from spotify_assets.learning.evaluation.golden import FROZEN, copies, package_golden
from spotify_assets.learning.labellers import CATEGORIES
from spotify_assets.learning.labellers.chat import PROMPT
from spotify_assets.learning.labellers.keywords import cues
from spotify_assets.learning.labellers.training import package_examples
from spotify_assets_tests.learning.evaluation.labellings import golden

GOLDEN = package_golden()


def test_the_golden_set_is_the_frozen_one() -> None:
    assert GOLDEN.digest == FROZEN


def test_each_category_and_language_has_twenty_comments() -> None:
    counted = Counter((one.language, one.category) for one in GOLDEN.comments)
    assert {*counted} == {(name, one) for name in ("en", "pt", "es") for one in CATEGORIES}
    assert min(counted.values()) >= 20
    assert len(GOLDEN.comments) >= 300
    assert len({one.text for one in GOLDEN.comments}) == len({one.id for one in GOLDEN.comments})


def test_the_hard_kinds_are_there() -> None:
    traits = Counter(trait for one in GOLDEN.comments for trait in one.traits)
    assert min(traits[name] for name in ("irony", "mixed", "slang")) >= 30
    spam = [one for one in GOLDEN.comments if one.category == "spam"]
    assert sum("disguised" in one.traits for one in spam) >= 15


def test_a_category_is_what_two_labellings_of_three_say() -> None:
    for one in GOLDEN.comments:
        if one.first == one.second:
            assert (one.category, one.third) == (one.first, None)
        else:
            assert one.category == one.third
            assert one.third in (one.first, one.second)
    for one in GOLDEN.disputed:
        assert one.first != one.second
        assert one.third not in (one.first, one.second)


def test_the_labellings_agree() -> None:
    assert min(GOLDEN.alpha(language) for language in ("all", "en", "pt", "es")) > 0.9


def test_no_golden_text_nor_a_near_copy_is_trained_with() -> None:
    assert [*copies(GOLDEN, (one.text for one in package_examples()))] == []


def test_no_golden_text_nor_a_near_copy_is_in_the_prompt_or_among_the_cues() -> None:
    phrases = [phrase for words in cues().values() for phrase in words]
    assert [*copies(GOLDEN, [PROMPT, *PROMPT.splitlines(), *phrases])] == []


@pytest.mark.parametrize(
    ("text", "is_copy"),
    [
        ("this whole record makes me want to dance in the kitchen", True),
        ("This whole record makes me want to DANCE in the kitchen!!! 😀", True),
        ("this record makes me want to dance in the kitchen again", True),
        ("the kitchen of the venue was closed, what a record", False),
        ("", False),
    ],
)
def test_a_copy_is_known_whatever_its_case_signs_and_a_word_or_two(
    text: str, is_copy: bool
) -> None:
    one = golden(1)
    first = one.comments[0]
    kitchen = type(first)(
        **vars(first) | {"text": "This whole record makes me want to dance in the kitchen."}
    )
    found = [name for name, _ in copies(type(one)((kitchen,)), [text])]
    assert found == (["g0"] if is_copy else [])
