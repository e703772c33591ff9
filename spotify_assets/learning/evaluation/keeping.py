"""A labeller and its baselines through the golden set, into the lake.

Belongs here: whom the golden set is given to, and fitting to what people decided. Does not belong
here: the measures, and what they must be.
"""

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotify_assets.lake import Lake
from spotify_assets.lake.comments import write_evaluation
from spotify_assets.learning.evaluation import Evaluation, MajorityLabeller, ask, evaluate
from spotify_assets.learning.evaluation.gate import FLOORS, floor_failures
from spotify_assets.learning.evaluation.golden import copies, package_golden
from spotify_assets.learning.labellers import CATEGORIES, Labeller
from spotify_assets.learning.labellers.keywords import KeywordLabeller
from spotify_assets.learning.labellers.training import Example, fit, package_examples


@dataclass(frozen=True)
class Kept:
    """What was found out of a labeller."""

    of: Evaluation
    beside: tuple[Evaluation, ...]
    """Of the baselines."""
    below: tuple[str, ...]
    """Which floors it does not reach."""


def evaluate_into(
    lake: Lake, labeller: Labeller, words: dict[str, tuple[str, ...]], now: dt.datetime
) -> Kept:
    """Ask a labeller and the baselines about the golden set, and keep how good they are.

    Args:
        lake: Where it is kept.
        labeller: Who is measured.
        words: The vocabulary of topics, for the keyword labeller.
        now: When; UTC, without a zone.

    Raises:
        ProjectError: The labeller cannot be asked now, or the lake cannot be written.
    """
    golden = package_golden()
    baselines: Sequence[Labeller] = (KeywordLabeller(words), MajorityLabeller(CATEGORIES[0]))
    others = [one for one in baselines if one.name != labeller.name]
    found = []
    for one in (labeller, *others):
        said = ask(one, golden)
        made = evaluate(said, golden, now)
        write_evaluation(lake, f"{golden.digest}-{said.version}", made.evaluations, made.confusion)
        found.append((said, made))
    (said, of), *beside = found
    floors = FLOORS.get(labeller.name, FLOORS["keywords"])
    below = tuple(floor_failures(said, golden, floors))
    return Kept(of, tuple(made for _, made in beside), below)


def to_learn_from(decided: Iterable[Example]) -> list[Example]:
    """What of people's decisions a labeller may be fitted to.

    Not what they left unsure, and no text of the golden set, or nearly one: it would be measured
    with what it has learned.
    """
    known = [one for one in decided if one.category in CATEGORIES]
    taken = {text for _, text in copies(package_golden(), [one.text for one in known])}
    return [one for one in known if one.text not in taken]


def fit_to_decisions(decided: Iterable[Example], file: Path) -> int:
    """Fit the embedded labeller to the package's examples and what people decided, and keep it.

    Args:
        decided: Texts with the category that a person gave.
        file: Where the fitted labeller is put.

    Returns:
        How many decisions were learned from.

    Raises:
        NoEmbedding: The embedding model is not installed.
        OSError: The file cannot be written.
    """
    learned = to_learn_from(decided)
    head = fit([*package_examples(), *learned])
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    new.write_text(head.to_json(), encoding="utf-8")
    new.replace(file)
    return len(learned)
