"""What the labellers of the package say of the golden set: the gate compares with it.

Belongs here: taking it (`make baselines`). Does not belong here: comparing (``gate``).
"""

import contextlib
import hashlib
import json
import sys
from importlib import resources
from pathlib import Path

from spotify_assets.learning.evaluation import Said, ask
from spotify_assets.learning.evaluation.gate import FLOORS, failures
from spotify_assets.learning.evaluation.golden import Golden, package_golden
from spotify_assets.learning.labellers import Labeller
from spotify_assets.learning.labellers.embedded import EmbeddedLabeller, package_head
from spotify_assets.learning.labellers.keywords import KeywordLabeller
from spotify_assets.transforms.comments.topics import package_vocabulary

FILE = "baselines.json"


def read(labeller: str, golden: Golden) -> Said:
    """What the labeller of that name said when its baseline was taken.

    Raises:
        ValueError: It was taken on another golden set.
    """
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    found = json.loads(text)[labeller]
    if found["golden"] != golden.digest:
        raise ValueError(
            f"The baseline of {labeller} is of golden set {found['golden']}, not {golden.digest}: "
            "`make baselines` takes it again."
        )
    says = [found["said"][one.id] for one in golden.comments]
    return Said(labeller, found["version"], tuple(says), (0.0,) * len(says))


def fitted() -> str:
    """Digest of the embedded labeller of the package; the baseline must be of this one."""
    return hashlib.sha256(package_head().to_json().encode()).hexdigest()[:8]


def take(path: Path, *, accept: bool) -> list[str]:
    """Ask the labellers of the package, and write down what they say.

    Args:
        path: Where.
        accept: Also where the gate stops one of them.

    Returns:
        Why the gate stops them; then nothing was written, unless it is accepted.
    """
    golden, words = package_golden(), package_vocabulary().words
    labellers: tuple[Labeller, ...] = (EmbeddedLabeller(words), KeywordLabeller(words))
    made: dict[str, object] = {"fitted": fitted()}
    stopped: list[str] = []
    for labeller in labellers:
        said = ask(labeller, golden)
        with contextlib.suppress(ValueError):  # of another golden set: nothing to compare with
            before = read(labeller.name, golden)
            stopped += failures(said, before, golden, FLOORS[labeller.name])
        by_id = {one.id: name for one, name in zip(golden.comments, said.categories, strict=True)}
        made[labeller.name] = {"golden": golden.digest, "version": said.version, "said": by_id}
    if accept or not stopped:
        path.write_text(json.dumps(made, indent=0) + "\n", encoding="utf-8")
    return stopped


if __name__ == "__main__":
    reasons = take(Path(__file__).with_name(FILE), accept="--accept" in sys.argv)
    sys.stderr.write("".join(f"{reason}\n" for reason in reasons))
    if reasons and "--accept" not in sys.argv:
        sys.exit("Nothing was written. If that is meant: make baselines ACCEPT=--accept")
