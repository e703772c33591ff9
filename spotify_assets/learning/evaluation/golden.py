"""The golden set: comments whose category is known, that no labeller is trained with.

Belongs here: reading it, how far its two labellings agree, and what of another text is a copy of
one of its. Does not belong here: how good a labeller is on it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

from spotify_assets.learning.labellers import CATEGORIES
from spotify_assets.learning.labellers.words import folded
from spotify_assets.schemas.comments import ALL

FROZEN = "eb98e07b"
"""Digest of the golden set of the package. Another set is another measure: it is said in the
changelog, and baselines are taken again."""
PIECE = 5
"""Letters of which two texts are compared."""
NEAR = 0.5
"""Share of pieces from which one text is a copy of another (Jaccard)."""


@dataclass(frozen=True)
class GoldenComment:
    """A comment and what it is."""

    id: str
    text: str
    language: str
    intended: str
    """What its author meant it to be; nobody who labelled it knew."""
    first: str
    """By the first labelling."""
    second: str
    """By the second, which was made without sight of the first."""
    third: str | None
    """Where they differ, by a third; what two of the three say holds."""
    category: str
    """Empty where no two labellings agree: then it measures the labellings, and no labeller."""
    traits: tuple[str, ...]
    """What makes it hard, such as ``irony``."""


@dataclass(frozen=True)
class Golden:
    """A golden set."""

    comments: tuple[GoldenComment, ...]
    """Those whose category is known."""
    disputed: tuple[GoldenComment, ...] = ()
    """Those of which it is not."""

    @cached_property
    def digest(self) -> str:
        """The same for the same comments with the same categories."""
        rows = sorted([one.text, one.language, one.category] for one in self.comments)
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:8]

    def alpha(self, language: str = ALL) -> float:
        """Krippendorff's alpha of the two labellings: 1 is agreement, 0 is chance."""
        import krippendorff  # noqa: PLC0415 - slow to import
        import numpy as np  # noqa: PLC0415 - slow to import

        of_all = (*self.comments, *self.disputed)
        chosen = [one for one in of_all if language in (ALL, one.language)]
        said = [[CATEGORIES.index(one.first) for one in chosen]]
        said.append([CATEGORIES.index(one.second) for one in chosen])
        domain = list(range(len(CATEGORIES)))
        return float(
            krippendorff.alpha(np.array(said), value_domain=domain, level_of_measurement="nominal")
        )


def package_golden() -> Golden:
    """The golden set of the package."""
    text = resources.files(__package__).joinpath("golden.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    read = [GoldenComment(**row | {"traits": tuple(row["traits"])}) for row in rows]
    decided, disputed = (
        [one for one in read if bool(one.category) is is_it] for is_it in (True, False)
    )
    return Golden(tuple(decided), tuple(disputed))


def copies(golden: Golden, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Texts that are a golden one, or nearly: (id of the golden comment, text)."""
    pieces = {one.id: _pieces(one.text) for one in (*golden.comments, *golden.disputed)}
    holding: dict[str, set[str]] = {}
    for name, found in pieces.items():
        for piece in found:
            holding.setdefault(piece, set()).add(name)
    for text in texts:
        own = _pieces(text)
        shared: dict[str, int] = {}
        for piece in own:
            for name in holding.get(piece, ()):
                shared[name] = shared.get(name, 0) + 1
        for name, number in shared.items():
            if number / (len(own) + len(pieces[name]) - number) >= NEAR:
                yield name, text


def _pieces(text: str) -> set[str]:
    letters = "".join(char if char.isalnum() else " " for char in folded(text))
    read = f" {' '.join(letters.split())} "
    return {read[at : at + PIECE] for at in range(max(len(read) - PIECE + 1, 1))}
