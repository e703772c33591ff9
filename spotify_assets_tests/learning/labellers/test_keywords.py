"""The keyword labeller: by the words, whatever their case and accents."""

import pytest

from spotify_assets.learning.labellers import CATEGORIES, UNSURE, LabelResult
from spotify_assets.learning.labellers.keywords import KeywordLabeller, cues

VOCABULARY = {"feat_autotune": ["autotune", "auto-tune"], "vinyl": ["vinyl*", "vinil", "vinilo"]}


def say(text: str) -> LabelResult:
    [said] = KeywordLabeller(VOCABULARY).label([text])
    assert isinstance(said, LabelResult)
    return said


@pytest.mark.parametrize(
    ("text", "category", "language"),
    [
        ("I LOVE this, a masterpiece", "praise", "en"),
        ("que decepção, som horrivel", "criticism", "pt"),
        ("Deberían venir a Rosario", "suggestion", "es"),
        ("quando sai o álbum novo", "question", "pt"),
        ("amazing!! check out my channel https://example.com", "spam", "en"),
        ("tremendo!! link en mi perfil, https://example.com", "spam", "es"),
        ("la segunda canción dura tres minutos", UNSURE, "es"),
    ],
)
def test_a_category_has_its_words_in_each_language(text: str, category: str, language: str) -> None:
    said = say(text)
    assert (said.category, said.language) == (category, language)


def test_a_text_without_a_cue_is_unsure_and_says_so_by_its_confidence() -> None:
    assert say("hmm").confidence == pytest.approx(1 / len(CATEGORIES))


def test_more_words_of_one_category_are_more_confidence() -> None:
    assert say("amazing").confidence < say("amazing, best, perfect").confidence < 1


def test_topics_are_codes_of_the_vocabulary_found_as_whole_words() -> None:
    assert say("Vinyls with AUTOTUNE?").topics == ("feat_autotune", "vinyl")
    assert say("ovinyl").topics == ()


def test_another_vocabulary_is_another_version() -> None:
    one, other = KeywordLabeller(VOCABULARY), KeywordLabeller({"vinyl": ["vinyl"]})
    assert one.version != other.version
    assert one.version == KeywordLabeller(dict(reversed(VOCABULARY.items()))).version


def test_every_category_has_cues() -> None:
    assert {*cues()} == {*CATEGORIES}


@pytest.mark.parametrize(
    "text", ["", "\x00", "x" * 100_000, "😀" * 1000, "مرحبا", "<b>'; DROP TABLE", "\ud83d"]
)
def test_any_text_has_a_label(text: str) -> None:
    assert say(text).category in {*CATEGORIES, UNSURE}
