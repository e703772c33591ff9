"""``python -m benchmarks.public_comments FOLDER``: the embedded labeller on comments of others.

Nothing of them is in the repository, and no test loads them. The folder holds what is to be had of:

- YouTube Spam Collection (UCI, CC BY 4.0; Alberto, Lochter, Almeida 2015): ``Youtube*.csv``, 1,956
  comments under five music videos; only spam or not is known of them.
- GoEmotions (Google, Apache 2.0; Demszky et al. 2020): ``test.tsv`` and ``labels.txt``, comments on
  Reddit by their emotions. Those of admiration, love, gratitude, excitement alone are taken for
  praise, of annoyance, disapproval, disappointment, disgust, anger alone for criticism; none with
  a question mark or a hidden name. It is not about music.
"""

import csv
import html
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.reporting import out, table
from spotify_assets.learning.labellers import UNSURE, Labeller, LabelResult
from spotify_assets.learning.labellers.embedded import EmbeddedLabeller
from spotify_assets.learning.labellers.keywords import KeywordLabeller

AT_MOST, SEED = 600, 0
PRAISE = {"admiration", "love", "gratitude", "excitement"}
CRITICISM = {"annoyance", "disapproval", "disappointment", "disgust", "anger"}
Known = tuple[str, str]
"""A text and what it is."""


def youtube(folder: Path) -> Iterator[Known]:
    """Comments that are ``spam`` or ``other``."""
    for file in sorted(folder.glob("Youtube*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                text = html.unescape(row["CONTENT"]).replace("\ufeff", "").strip()
                yield text, "spam" if row["CLASS"] == "1" else "other"


def goemotions(folder: Path) -> Iterator[Known]:
    """Comments that are ``praise`` or ``criticism``."""
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    for line in (folder / "test.tsv").read_text(encoding="utf-8").splitlines():
        text, numbers, _ = line.split("\t")
        emotions = {names[int(number)] for number in numbers.split(",")}
        if "[" not in text and "?" not in text:
            if emotions <= PRAISE:
                yield text, "praise"
            elif emotions <= CRITICISM:
                yield text, "criticism"


def drawn(known: Sequence[Known]) -> list[Known]:
    """As many of each kind, `AT_MOST` together, the same each time."""
    chosen = random.Random(SEED)  # noqa: S311 - a sample
    kinds = sorted({kind for _, kind in known})
    of_kind = {kind: [one for one in known if one[1] == kind] for kind in kinds}
    each = min(AT_MOST // len(kinds), *(len(some) for some in of_kind.values()))
    return [one for kind in kinds for one in chosen.sample(of_kind[kind], each)]


def score(labeller: Labeller, known: Sequence[Known], of: Sequence[str]) -> list[str]:
    """Coverage; then of what has an answer the accuracy, and F1 of each kind."""
    results = labeller.label([text for text, _ in known])
    said = [one.category if isinstance(one, LabelResult) else UNSURE for one in results]
    pairs = [
        (truth, one if one in of else "other")
        for (_, truth), one in zip(known, said, strict=True)
        if one != UNSURE
    ]
    right = sum(truth == one for truth, one in pairs)
    shown = [len(pairs) / len(known), right / max(len(pairs), 1)]
    for kind in of:
        hits = pairs.count((kind, kind))
        both = sum(truth == kind for truth, _ in pairs) + sum(one == kind for _, one in pairs)
        shown.append(2 * hits / max(both, 1))
    return [f"{one:.3f}" for one in shown]


def main(folder: Path) -> None:
    sets = (
        ("YouTube Spam Collection", drawn([*youtube(folder)]), ("spam",)),
        ("GoEmotions", drawn([*goemotions(folder)]), ("praise", "criticism")),
    )
    for name, known, of in sets:
        shown = table(f"{name}, {len(known)} comments", "labeller", "coverage", "accuracy", *of)
        for labeller in (EmbeddedLabeller({}), KeywordLabeller({})):
            shown.add_row(labeller.name, *score(labeller, known, of))
        out.print(shown)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
