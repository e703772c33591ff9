"""What persons decide about comments and topics: what waits for them, and keeping what they say.

Belongs here: the work list, decisions, the vocabulary. Does not belong here: how it is shown, in a
terminal (``commands.curation``) or on a page.
"""

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from spotify_assets.lake import Lake
from spotify_assets.lake.comment_decisions import (
    DecisionLog,
    decision_files,
    decisions,
    vocabulary_file,
    write_vocabulary,
)
from spotify_assets.schemas.comments import CATEGORIES
from spotify_assets.storage.errors import FailureKind, ProjectError
from spotify_assets.transforms.comments.topics import (
    CODE,
    Topic,
    Vocabulary,
    package_vocabulary,
    read,
    vocabulary,
    written,
)
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import literal

WORK_LIST = resources.files(__package__).joinpath("work_list.sql").read_text(encoding="utf-8")


class WrongDecision(ProjectError):
    """What somebody decided cannot be: no such comment, category or topic."""

    kind = FailureKind.USAGE


@dataclass(frozen=True)
class Waiting:
    """A comment with what its label is now."""

    comment_id: str
    text_id: str
    text: str
    source: str
    language: str | None
    date: dt.date
    release: str | None
    category: str | None
    """``None``: it has no label."""
    topics: Sequence[str]
    confidence: float | None
    labeller: str | None
    version: str | None
    curator: str | None
    """Who decided last; ``None``: nobody."""


@dataclass(frozen=True)
class Wanted:
    """Which comments of the work list are asked for; ``None``: all."""

    category: str | None = "unsure"
    language: str | None = None
    topic: str | None = None
    comment_id: str | None = None
    """Only this one, whatever was decided about it."""
    release_id: str | None = None
    since: dt.date | None = None
    """Days (UTC) of the comments, both inclusive."""
    until: dt.date | None = None


def work_list(
    database: Path, lake: Lake, wanted: Wanted, limit: int | None = None
) -> list[Waiting]:
    """Comments that nobody has decided about, the least sure first.

    What was decided a moment ago, and is not published yet, is not among them.

    Args:
        database: The published file.
        lake: Holds the decisions.
        wanted: Which.
        limit: At most so many.

    Raises:
        WarehouseError: There is no warehouse.
        LakeError: The decisions cannot be read.
    """
    said = {
        name: "NULL" if one is None else literal(str(one)) for name, one in vars(wanted).items()
    }
    # Not bound: to bind a value, DuckDB's client imports pandas.
    sql = re.sub(r"\$(\w+)", lambda found: said[found[1]], WORK_LIST)
    with read_only(database) as connection:
        rows = [Waiting(*row) for row in connection.execute(sql).fetchall()]
    done = {(one["comment_id"], one.get("text_id")) for one in decisions(decision_files(lake))}
    is_asked = wanted.comment_id is not None
    rows = [row for row in rows if is_asked or (row.comment_id, row.text_id) not in done]
    return rows[:limit]


@dataclass
class Curator:
    """A person who decides, from one terminal or page."""

    name: str
    lake: Lake
    _log: DecisionLog = field(init=False)

    def __post_init__(self) -> None:
        self._log = DecisionLog(self.lake)

    def decide(self, comment: Waiting, category: str, topics: Collection[str] | None = None) -> str:
        """Note what a comment is; on the disk when this returns.

        Args:
            comment: As the person saw it.
            category: What it is.
            topics: What it is about; ``None``: what the label says.

        Returns:
            The id of the decision.

        Raises:
            WrongDecision: There is no such category or topic.
            LakeError: It cannot be kept.
        """
        if category not in CATEGORIES:
            raise WrongDecision(f"{category!r} is none of {', '.join(CATEGORIES)}.")
        known = topics_of(self.lake).topics
        decided = sorted(set(comment.topics if topics is None else topics))
        if unknown := [one for one in decided if topics is not None and one not in known]:
            raise WrongDecision(f"There is no topic {unknown[0]!r}: `spotify-assets topics`.")
        said = {
            "comment_id": comment.comment_id,
            "text_id": comment.text_id,
            "category": category,
            "topics": decided,
            "curator": self.name,
            "labelled_as": comment.category if comment.curator is None else None,
            "labelled_topics": list(comment.topics),
            "label_confidence": comment.confidence,
            "labeller": comment.labeller,
            "version": comment.version,
        }
        return self._log.add(said, dt.datetime.now(dt.UTC))


def topics_of(lake: Lake) -> Vocabulary:
    """The vocabulary of the package, with what persons accepted and refused.

    Raises:
        BadVocabulary: Their list cannot be read.
    """
    return vocabulary(_own_text(lake))


def accept_topic(lake: Lake, code: str, topic: Topic) -> None:
    """Put a topic into the vocabulary, in the place of one of that code.

    Raises:
        WrongDecision: It is no code.
        BadVocabulary: The list that is there cannot be read.
        LakeError: It cannot be kept.
    """
    if not CODE.fullmatch(code):
        said = "2 to 40 small letters, digits and `_`, beginning with a letter"
        raise WrongDecision(f"{code!r} is no code of a topic: {said}.")
    own = _own(lake)
    topics = {**own.topics, code: topic}
    write_vocabulary(lake, written(Vocabulary(topics, own.refused - {code})))


def refuse_topic(lake: Lake, proposed: str) -> None:
    """Have nobody asked about a proposed topic again.

    Raises:
        WrongDecision: It is in the vocabulary of the package.
        BadVocabulary: The list that is there cannot be read.
        LakeError: It cannot be kept.
    """
    if proposed in package_vocabulary().topics:
        raise WrongDecision(f"{proposed} is a topic of the package: it stays.")
    own = _own(lake)
    topics = {code: topic for code, topic in own.topics.items() if code != proposed}
    write_vocabulary(lake, written(Vocabulary(topics, own.refused | {proposed})))


def _own(lake: Lake) -> Vocabulary:
    text = _own_text(lake)
    return Vocabulary({}) if text is None else read(text)


def _own_text(lake: Lake) -> str | None:
    file = vocabulary_file(lake)
    return file.read_text(encoding="utf-8") if file.exists() else None
