"""Golden sets and labellers that tests make up."""

from collections.abc import Sequence

from spotify_assets.learning.evaluation import Said
from spotify_assets.learning.evaluation.golden import Golden, GoldenComment
from spotify_assets.learning.labellers import CATEGORIES, UNSURE


def comment(number: int, category: str, second: str | None = None) -> GoldenComment:
    return GoldenComment(
        id=f"g{number}",
        text=f"text {number}",
        language=("en", "pt", "es")[number % 3],
        intended=category,
        first=category,
        second=second or category,
        third=None,
        category=category,
        traits=(),
    )


def golden(each: int = 30) -> Golden:
    """Of each category so many."""
    names = [name for name in CATEGORIES for _ in range(each)]
    return Golden(tuple(comment(number, name) for number, name in enumerate(names)))


def saying(categories: Sequence[str], confidence: float = 0.8) -> Said:
    return Said("made up", "1", tuple(categories), (confidence,) * len(categories))


def mistaken(truth: Golden, share: float, *, of: str | None = None) -> Said:
    """Right but for a share of the comments (of a category), that are taken for the next one."""
    said = [one.category for one in truth.comments]
    chosen = [n for n, name in enumerate(said) if of in (None, name)]
    for n in chosen[:: round(1 / share)] if share else []:
        said[n] = CATEGORIES[(CATEGORIES.index(said[n]) + 1) % len(CATEGORIES)]
    return saying(said)


def silent(truth: Golden, share: float) -> Said:
    """Right, and unsure of a share of the comments."""
    said = [one.category for one in truth.comments]
    for n in range(0, len(said), round(1 / share)):
        said[n] = UNSURE
    return saying(said)
