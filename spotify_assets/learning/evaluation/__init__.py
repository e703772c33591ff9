"""How good a labeller is, against a golden set that none was trained with.

Belongs here: the measures, and how they are shown. Does not belong here: when they are taken, and
what they must be (``gate``).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from spotify_assets.learning.evaluation.golden import Golden
from spotify_assets.learning.labellers import (
    CATEGORIES,
    UNSURE,
    Labeller,
    LabelResult,
    Rejected,
)
from spotify_assets.schemas.comments import ALL, LANGUAGES, Confusion, Evaluations

if TYPE_CHECKING:
    import numpy as np

SAMPLES = 1000
"""Of the bootstrap."""
SEED = 19
INTERVAL = (2.5, 97.5)
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Of confidence, by their lower ends."""
BARS = " ▁▂▃▄▅▆▇█"


class MajorityLabeller:
    """Says the same of every text: what nobody may be worse than."""

    name = "majority"
    version = "1"

    def __init__(self, category: str) -> None:
        """Prepare to say it."""
        self._category = category

    def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
        """The category, of each."""
        return [LabelResult(self._category, 1 / len(CATEGORIES), (), (), "und")] * len(texts)


@dataclass(frozen=True)
class Said:
    """What a labeller says of a golden set, in the order of its comments."""

    labeller: str
    version: str
    categories: tuple[str, ...]
    """`UNSURE` also where it rejects."""
    confidences: tuple[float, ...]


def ask(labeller: Labeller, golden: Golden) -> Said:
    """What a labeller says of each comment.

    Raises:
        ProjectError: It cannot be asked now.
    """
    results = labeller.label([one.text for one in golden.comments])
    labels = [one if isinstance(one, LabelResult) else None for one in results]
    return Said(
        labeller=labeller.name,
        version=labeller.version,
        categories=tuple(one.category if one else UNSURE for one in labels),
        confidences=tuple(one.confidence if one else 0.0 for one in labels),
    )


def f1_of(pairs: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """F1 of each category, from counts.

    Args:
        pairs: ``(…, 5, 6)``: comments of each category, by what is said of them; `UNSURE` is last,
            and costs recall.

    Returns:
        ``(…, 5)``; 0 where a category is neither there nor said.
    """
    import numpy as np  # noqa: PLC0415 - slow to import

    right = np.diagonal(pairs[..., : len(CATEGORIES)], axis1=-2, axis2=-1)
    there, said = pairs.sum(axis=-1), pairs[..., : len(CATEGORIES)].sum(axis=-2)
    return np.asarray(2 * right / np.maximum(there + said, 1))


def samples(truth: Sequence[str], said: Sequence[str]) -> "np.ndarray[Any, Any]":
    """Counts as `f1_of` takes them, of `SAMPLES` draws of as many comments with replacement.

    The draws depend on nothing but the number of comments: those of two labellers are pairs.
    """
    import numpy as np  # noqa: PLC0415 - slow to import

    draws = np.random.default_rng(SEED).integers(0, len(truth), (SAMPLES, len(truth)))
    width = len(CATEGORIES) + 1
    cells = np.array(_cells(truth, said))[draws] + np.arange(SAMPLES)[:, None] * width * width
    counted = np.bincount(cells.ravel(), minlength=SAMPLES * width * width)
    return counted.reshape(SAMPLES, width, width)[:, : len(CATEGORIES)]


def counts(truth: Sequence[str], said: Sequence[str]) -> "np.ndarray[Any, Any]":
    """The same of the comments themselves: ``(5, 6)``."""
    import numpy as np  # noqa: PLC0415 - slow to import

    width = len(CATEGORIES) + 1
    counted = np.bincount(_cells(truth, said), minlength=width * width)
    return counted.reshape(width, width)[: len(CATEGORIES)]


def _cells(truth: Sequence[str], said: Sequence[str]) -> list[int]:
    at = {name: number for number, name in enumerate((*CATEGORIES, UNSURE))}
    return [at[one] * len(at) + at[other] for one, other in zip(truth, said, strict=True)]


@dataclass(frozen=True)
class Evaluation:
    """What is known of a labeller, in rows of `comments.evaluations` and `comments.confusion`."""

    evaluations: pl.DataFrame
    confusion: pl.DataFrame

    def of(self, measure: str, language: str = ALL, category: str = ALL) -> float:
        """One of the measures.

        Raises:
            KeyError: It is not known.
        """
        found = self.evaluations.filter(
            pl.col("measure") == measure,
            pl.col("language") == language,
            pl.col("category") == category,
        )
        if found.is_empty():
            raise KeyError(measure, language, category)
        return float(found["estimate"][0])

    def markdown(self, beside: Sequence["Evaluation"] = ()) -> str:
        """As people look at it: by language, by category, what is taken for what, calibration.

        Args:
            beside: Baselines.
        """
        return "\n\n".join(
            "\n".join(part)
            for part in (
                self._by_language(beside),
                self._by_category(),
                self._taken_for(),
                self._calibration(),
            )
        )

    def _by_language(self, beside: Sequence["Evaluation"]) -> Iterator[str]:
        yield "| Labeller | Language | Comments | Macro F1 | 95 % | Accuracy | Coverage |"
        yield "| --- | --- | ---: | ---: | --- | ---: | ---: |"
        for one in (self, *beside):
            for language in (ALL, *LANGUAGES):
                [row] = one._rows("macro_f1", language)
                numbers = (one.of("accuracy", language), one.of("coverage", language))
                yield (
                    f"| {row['labeller']} | {language} | {row['comments']} | {row['estimate']:.3f} "
                    f"| {row['low']:.3f} – {row['high']:.3f} "
                    f"| {numbers[0]:.3f} | {numbers[1]:.3f} |"
                )

    def _by_category(self) -> Iterator[str]:
        yield "| Category | F1 | | Precision | Recall |"
        yield "| --- | ---: | --- | ---: | ---: |"
        for name in CATEGORIES:
            f1, right, found = (
                self.of(one, category=name) for one in ("f1", "precision", "recall")
            )
            yield f"| {name} | {f1:.3f} | {'█' * round(f1 * 20)} | {right:.3f} | {found:.3f} |"

    def _taken_for(self) -> Iterator[str]:
        names = (*CATEGORIES, UNSURE)
        cells = {
            (row["truth"], row["said"]): row["comments"]
            for row in self.confusion.filter(pl.col("language") == ALL).iter_rows(named=True)
        }
        yield f"| It is ↓, it says → | {' | '.join(names)} |"
        yield f"| --- |{' ---: |' * len(names)}"
        for truth in CATEGORIES:
            row = [cells.get((truth, said), 0) for said in names]
            shares = [BARS[round(number / max(sum(row), 1) * (len(BARS) - 1))] for number in row]
            told = " | ".join(f"{bar} {n}" for bar, n in zip(shares, row, strict=True))
            yield f"| **{truth}** | {told} |"

    def _calibration(self) -> Iterator[str]:
        yield "| Confidence from | Right | | Comments |"
        yield "| ---: | ---: | --- | ---: |"
        for low in BINS:
            for row in self._rows(f"right_from_{low}", ALL):
                bar = "█" * round(row["estimate"] * 20)
                yield f"| {low} | {row['estimate']:.3f} | {bar} | {row['comments']} |"

    def _rows(self, measure: str, language: str) -> list[dict[str, Any]]:
        return self.evaluations.filter(
            pl.col("measure") == measure, pl.col("language") == language
        ).to_dicts()


def evaluate(said: Said, golden: Golden, now: dt.datetime) -> Evaluation:
    """The measures of what a labeller says.

    Precision, recall, F1 and accuracy are of the comments that have an answer; ``coverage`` is
    their share, and ``macro_f1_all`` counts those without as missed.

    Args:
        said: What it says.
        golden: Of which comments.
        now: When; UTC, without a zone.
    """
    head = {"labeller": said.labeller, "version": said.version, "golden": golden.digest}
    rows: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for language in (ALL, *LANGUAGES):
        where = [n for n, one in enumerate(golden.comments) if language in (ALL, one.language)]
        truth = [golden.comments[n].category for n in where]
        says = [said.categories[n] for n in where]
        sure = [said.confidences[n] for n in where]
        measured = [*_measures(truth, says, sure), *_by_category(truth, says)]
        measured.append((ALL, "alpha", golden.alpha(language), None, None, len(where)))
        rows += [
            {**head, "language": language, "evaluated_at": now}
            | dict(zip(_MEASURE, one, strict=True))
            for one in measured
        ]
        for name, line in zip(CATEGORIES, counts(truth, says).tolist(), strict=True):
            pairs += [
                {**head, "language": language, "truth": name, "said": other, "comments": number}
                for other, number in zip((*CATEGORIES, UNSURE), line, strict=True)
            ]
    return Evaluation(
        pl.DataFrame(rows, schema=Evaluations.polars_schema(), orient="row"),
        pl.DataFrame(pairs, schema=Confusion.polars_schema(), orient="row"),
    )


_MEASURE = ("category", "measure", "estimate", "low", "high", "comments")
Measure = tuple[str, str, float, float | None, float | None, int]


def _measures(
    truth: Sequence[str], says: Sequence[str], sure: Sequence[float]
) -> Iterator[Measure]:
    """Of all categories together."""
    import numpy as np  # noqa: PLC0415 - slow to import

    drawn, told = samples(truth, says), counts(truth, says)
    known = slice(0, len(CATEGORIES))
    yield (ALL, "macro_f1", *_with_interval(f1_of, told, drawn, known), len(truth))
    yield (ALL, "macro_f1_all", *_with_interval(f1_of, told, drawn, slice(None)), len(truth))
    answered = np.array([one != UNSURE for one in says])
    right = np.array([one == other for one, other in zip(truth, says, strict=True)])
    number = int(answered.sum())
    yield ALL, "coverage", float(answered.mean()), None, None, len(truth)
    yield ALL, "accuracy", float(right.sum() / max(number, 1)), None, None, number
    confidence, error = np.array(sure), 0.0
    for low, high in zip(BINS, (*BINS[1:], 1.01), strict=True):
        inside = answered & (confidence >= low) & (confidence < high)
        if held := int(inside.sum()):
            share = float(right[inside].mean())
            error += held * abs(share - float(confidence[inside].mean()))
            yield ALL, f"right_from_{low}", share, None, None, held
    yield ALL, "calibration_error", error / max(number, 1), None, None, number


def _with_interval(f1: Any, told: Any, drawn: Any, columns: slice) -> tuple[float, float, float]:
    import numpy as np  # noqa: PLC0415 - slow to import

    low, high = np.percentile(f1(drawn[..., columns]).mean(axis=-1), INTERVAL)
    return float(f1(told[..., columns]).mean()), float(low), float(high)


def _by_category(truth: Sequence[str], says: Sequence[str]) -> Iterator[Measure]:
    answered = counts(truth, says)[:, : len(CATEGORIES)]
    f1 = f1_of(answered)
    for at, name in enumerate(CATEGORIES):
        there, said, right = answered[at].sum(), answered[:, at].sum(), answered[at, at]
        yield name, "precision", float(right / max(said, 1)), None, None, int(said)
        yield name, "recall", float(right / max(there, 1)), None, None, int(there)
        yield name, "f1", float(f1[at]), None, None, int(there)
