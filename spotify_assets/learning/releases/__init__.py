"""What is fitted to the streams of a label: predictions of them, and what a campaign added.

Belongs here: candidates, their evaluation, intervals, and the effect of campaigns; each a pure
function of the tables of releases. Does not belong here: reading and storing, and when something is
fitted. LightGBM is imported inside the functions that fit or predict with it.
"""

import hashlib
from importlib import resources


def version() -> str:
    """The same for the same models and tables from the same facts."""
    package = resources.files(__package__)
    files = sorted(one.name for one in package.iterdir() if one.name.endswith(".py"))
    texts = [package.joinpath(name).read_text(encoding="utf-8") for name in files]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]
