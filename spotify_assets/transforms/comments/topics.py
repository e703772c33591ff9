"""The vocabulary of topics, and the names of categories.

Belongs here: reading, merging and writing it. Does not belong here: which comment has which topic.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources

from spotify_assets.schemas.comments import LANGUAGES
from spotify_assets.storage.errors import FailureKind, ProjectError

CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
FIELDS = (*LANGUAGES, "meaning")
CATEGORY_NAMES = {
    "praise": ("praise", "elogio", "elogio"),
    "criticism": ("criticism", "crítica", "crítica"),
    "suggestion": ("suggestion", "sugestão", "sugerencia"),
    "question": ("question", "pergunta", "pregunta"),
    "spam": ("spam", "spam", "spam"),
    "unsure": ("unsure", "incerto", "dudoso"),
}
"""By category its names in `LANGUAGES`."""


class BadVocabulary(ProjectError):
    """A list of topics is not as docs/comments.md has it; the text says where."""

    kind = FailureKind.BAD_INPUT


@dataclass(frozen=True)
class Topic:
    """What comments can be about."""

    names: Mapping[str, str]
    """By the languages of `LANGUAGES`."""
    meaning: str
    words: tuple[str, ...] = ()
    """By which a labeller may know it; ``vocal*`` is whatever begins so."""


@dataclass(frozen=True)
class Vocabulary:
    """Topics by their codes, and what was refused."""

    topics: Mapping[str, Topic]
    refused: frozenset[str] = field(default=frozenset())
    """Proposed topics that nobody is to be asked about again."""

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Of each code the words by which it may be known."""
        return {code: topic.words for code, topic in self.topics.items()}


def package_vocabulary() -> Vocabulary:
    """That of the package."""
    package = resources.files(__package__)
    return read(package.joinpath("topics.toml").read_text(encoding="utf-8"))


def vocabulary(own: str | None = None) -> Vocabulary:
    """That of the package with what persons added and refused.

    Args:
        own: The text of their file; ``None`` where there is none.

    Raises:
        BadVocabulary: It cannot be read.
    """
    package = package_vocabulary()
    if own is None:
        return package
    theirs = read(own)
    return Vocabulary({**package.topics, **theirs.topics}, theirs.refused)


def read(text: str) -> Vocabulary:
    """A list of topics as it is written.

    Raises:
        BadVocabulary: It is no TOML, or something in it is not as it should be.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadVocabulary(f"The topics are no TOML: {error}.") from error
    refused = said.pop("refused", [])
    if not isinstance(refused, list) or not all(isinstance(one, str) for one in refused):
        raise BadVocabulary("`refused` of the topics is no list of texts.")
    topics = {code: _topic(code, about) for code, about in said.items()}
    return Vocabulary(topics, frozenset(refused))


def _topic(code: str, about: object) -> Topic:
    if not CODE.fullmatch(code):
        raise BadVocabulary(f"The topic {code!r} is no code: small letters, digits and `_`.")
    said = about if isinstance(about, dict) else {}
    told, words = [said.get(name) for name in FIELDS], said.get("words", [])
    if not all(isinstance(one, str) and one.strip() for one in told):
        raise BadVocabulary(f"The topic {code} lacks one of {', '.join(FIELDS)}.")
    if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
        raise BadVocabulary(f"The `words` of the topic {code} are no list of texts.")
    names = {name: said[name] for name in LANGUAGES}
    return Topic(names, said["meaning"], tuple(words))


def written(topics: Vocabulary) -> str:
    """A list of topics as `read` reads it."""
    lines = [f"refused = [{', '.join(_quoted(one) for one in sorted(topics.refused))}]"]
    for code, about in topics.topics.items():
        said = {**about.names, "meaning": about.meaning}
        lines += ["", f"[{code}]", *(f"{name} = {_quoted(said[name])}" for name in FIELDS)]
        lines.append(f"words = [{', '.join(_quoted(one) for one in about.words)}]")
    return "\n".join(lines) + "\n"


def code_of(proposed: str) -> str:
    """A proposed topic in the form of a code; of what has no letters, an empty text."""
    return re.sub(r"[^a-z0-9]+", "_", proposed.casefold()).strip("_")[:40]


def _quoted(text: str) -> str:
    # JSON leaves DEL as it is, and TOML does not take it.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
