"""The measures of a labeller, and how they are shown."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.learning.evaluation import (
    Evaluation,
    MajorityLabeller,
    Said,
    ask,
    counts,
    evaluate,
    f1_of,
)
from spotify_assets.learning.evaluation.golden import Golden
from spotify_assets.learning.labellers import CATEGORIES, UNSURE, LabelResult, Rejected
from spotify_assets.schemas.comments import Confusion, Evaluations
from spotify_assets_tests.learning.evaluation.labellings import (
    comment,
    golden,
    mistaken,
    saying,
    silent,
)

NOW = dt.datetime(2026, 11, 27, 12)  # noqa: DTZ001 - UTC, as in the table
ALL_SAID = (*CATEGORIES, UNSURE)


def measure(said: Said, truth: Golden) -> Evaluation:
    return evaluate(said, truth, NOW)


def test_whoever_is_right_has_one_everywhere() -> None:
    truth = golden()
    made = measure(mistaken(truth, 0), truth)
    for name in ("accuracy", "coverage", "macro_f1", "macro_f1_all", "alpha"):
        assert made.of(name) == made.of(name, "pt") == 1, name


def test_the_majority_is_right_of_its_category_alone() -> None:
    truth = golden()
    made = measure(ask(MajorityLabeller("spam"), truth), truth)
    assert made.of("accuracy") == pytest.approx(0.2)
    assert made.of("recall", category="spam") == 1
    assert made.of("macro_f1") == pytest.approx(2 / 6 / 5)


def test_coverage_stands_beside_accuracy_and_silence_is_no_gain() -> None:
    truth = golden()
    made = measure(silent(truth, 0.5), truth)
    assert (made.of("accuracy"), made.of("coverage")) == (1, 0.5)
    assert made.of("macro_f1") == 1
    assert made.of("macro_f1_all") == pytest.approx(2 / 3)


def test_who_answers_nothing_is_measured_as_nothing() -> None:
    truth = golden()
    made = measure(saying([UNSURE] * len(truth.comments)), truth)
    assert (made.of("coverage"), made.of("accuracy"), made.of("macro_f1")) == (0, 0, 0)
    assert made.markdown()


def test_the_interval_of_macro_f1_holds_it_and_is_the_same_each_time() -> None:
    truth = golden()
    made, again = (measure(mistaken(truth, 0.25), truth) for _ in range(2))
    row = made.evaluations.filter(measure="macro_f1", language="all").to_dicts()[0]
    assert row["low"] < row["estimate"] < row["high"]
    assert made.evaluations.equals(again.evaluations)


def test_confidence_is_compared_with_how_often_it_is_right() -> None:
    truth = golden()
    said = mistaken(truth, 0.2)
    made = measure(said, truth)
    assert made.of("right_from_0.8") == pytest.approx(0.8)
    assert made.of("calibration_error") == pytest.approx(0)
    sure = measure(Said("x", "1", said.categories, (0.95,) * len(said.categories)), truth)
    assert sure.of("calibration_error") == pytest.approx(0.15)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(CATEGORIES), st.sampled_from(ALL_SAID)), min_size=1))
def test_f1_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra comments")
    truth, said = ([pair[at] for pair in pairs] for at in (0, 1))
    theirs = metrics.f1_score(truth, said, labels=CATEGORIES, average=None, zero_division=0)
    assert np.allclose(f1_of(counts(truth, said)), theirs)


def test_what_is_measured_is_what_the_tables_hold() -> None:
    truth = golden()
    made = measure(mistaken(truth, 0.25), truth)
    Evaluations.validate(made.evaluations)
    Confusion.validate(made.confusion)
    of_all = made.confusion.filter(language="all")
    assert of_all["comments"].sum() == len(truth.comments)
    assert of_all.height == len(CATEGORIES) * len(ALL_SAID)


def test_a_text_that_is_rejected_has_no_answer() -> None:
    class Rejecting:
        name, version = "rejecting", "1"

        def label(self, _: object) -> list[LabelResult | Rejected]:
            return [Rejected("no"), LabelResult("praise", 0.9, (), (), "en")]

    said = ask(Rejecting(), Golden((comment(0, "praise"), comment(1, "praise"))))
    assert said.categories == (UNSURE, "praise")


def test_alpha_is_one_where_the_labellings_agree_and_less_where_they_do_not() -> None:
    same = golden()
    others = [comment(n, one.category, "spam") for n, one in enumerate(same.comments[:30])]
    assert same.alpha() == same.alpha("es") == 1
    assert 0 < Golden((*others, *same.comments[30:])).alpha() < 0.9


def test_the_picture_has_languages_categories_confusion_and_baselines() -> None:
    truth = golden()
    baseline = measure(ask(MajorityLabeller("spam"), truth), truth)
    shown = measure(mistaken(truth, 0.25), truth).markdown([baseline])
    assert "| made up | all | 150 |" in shown
    assert "| majority | es | 50 |" in shown
    assert "| **praise** | ▆ 22 | ▂ 8 |" in shown
    assert "| 0.8 |" in shown
