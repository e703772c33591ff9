"""Comments of listeners: what they say, how they were labelled, by what or by whom.

Belongs here: the contracts, and the words of a category. Does not belong here: how comments are
read, and what labels them.
"""

from typing import Any

import polars as pl

from spotify_assets.schemas import columns as c
from spotify_assets.schemas.contract import Contract, Stage

CATEGORIES = ("praise", "criticism", "suggestion", "question", "spam", "unsure")
"""What a comment can be; `unsure` is what a labeller says where it had better not say more."""
LANGUAGES = ("en", "pt", "es")
"""Those in which categories and topics have names."""
ALL = "all"
"""Of evaluations: of all languages, or of all categories, together."""
MAX_CHARACTERS = 100_000
"""Of a text; YouTube takes 10,000."""


def _comment_id() -> Any:
    return c.column(
        str_matches="^[0-9a-f]{24}$",
        description="Hash of the source and its id of the comment; where the source names no id, "
        "of source, author, time and text.",
    )


def _batch_id() -> Any:
    return c.column(
        str_matches="^[0-9a-f]{24}$",
        description="The batch that it came in, in `monitoring.comment_batches`.",
    )


def _text_id() -> Any:
    return c.column(
        str_matches="^[0-9a-f]{32}$", description="First 32 digits of the text's SHA-256."
    )


def _label_key() -> Any:
    return c.column(
        str_matches="^[0-9a-f]{32}$",
        description="Hash of the labeller's version (model, prompt, schema) and of the text: what "
        "has a label is not asked again.",
    )


def _author() -> Any:
    return c.column(
        str_matches="^[0-9a-f]{16}$",
        nullable=True,
        description="Pseudonym of the author: a hash of the name with a key that only this data "
        "folder has. The name is stored nowhere.",
    )


def _language(said: str, *, nullable: bool = True) -> Any:
    return c.text(f"{said}, by two letters (ISO 639-1).", nullable=nullable)


def _labeller(*, nullable: bool = False) -> Any:
    return c.text("What labelled it.", nullable=nullable)


def _version(*, nullable: bool = False) -> Any:
    return c.text("Of the labeller: a hash of model, prompt and schema.", nullable=nullable)


def _category(said: str, *, nullable: bool = False) -> Any:
    return c.one_of(list(CATEGORIES), said, nullable=nullable)


def _confidence(*, nullable: bool = False) -> Any:
    return c.column(
        ge=0,
        le=1,
        nullable=nullable,
        description="How sure it is: of a hundred labels with 0.8, about 80 should be right.",
    )


def _topics(said: str = "Codes of `comments.topics`, in order") -> Any:
    return c.text(f"{said}.")


def _comments(said: str) -> Any:
    return c.count(said)


class ReceivedComments(
    Contract,
    table="processed.received_comments",
    grain="one row of a batch that can be read",
    key=("batch_id", "batch_row"),
    stage=Stage.LAKE_ONLY,
):
    """Comments as they came, typed; the same comment may be there several times."""

    batch_id: str = _batch_id()
    batch_row: pl.Int64 = c.position("Row of the batch, from 1.")
    comment_id: str = _comment_id()
    text_id: str = _text_id()
    text: str = c.column(str_min_length=1, description="The text, as it came.")
    source: str = c.text("Where it was written, as whoever brought it says.")
    source_id: str = c.text("Id of the comment there.", nullable=True)
    author: str = _author()
    language: str = _language("Language, as the source says it")
    commented_at: c.Moment = c.moment(
        "When it was written; null where the source does not say", nullable=True
    )
    received_at: c.Moment = c.moment("When its batch was received")
    release: str = c.text("The release as the source names it.", nullable=True)


class TextLabels(
    Contract,
    table="processed.text_labels",
    grain="one text by one version of a labeller",
    key=("label_key",),
    stage=Stage.LAKE_ONLY,
):
    """Labels of texts: of equal texts one. Where a labeller failed for good, the reason."""

    label_key: str = _label_key()
    text_id: str = _text_id()
    labeller: str = _labeller()
    version: str = _version()
    category: str = _category("What it is; null where it was set aside.", nullable=True)
    label_confidence: pl.Float64 = _confidence(nullable=True)
    topics: pl.List = _topics()
    proposed_topics: pl.List = c.text("Topics that are not in the vocabulary.")
    language: str = _language("Language, as the labeller sees it")
    reason: str = c.text("Why there is no label; null where there is one.", nullable=True)
    labelled_at: c.Moment = c.moment("When")


class Comments(
    Contract,
    table="comments.comments",
    grain="one comment",
    key=("comment_id",),
    stage=Stage.COMMENTS,
):
    """Every comment once: where it came several times, as it was when it last came otherwise."""

    comment_id: str = _comment_id()
    date: pl.Date = c.text(
        "Day (UTC) of `commented_at`; where that is unknown, of `first_received_at`."
    )
    text: str = c.text("The text, as it came: data, never markup, a query or an order.")
    source: str = c.text("Where it was written, as whoever brought it says.")
    source_id: str = c.text("Id of the comment there.", nullable=True)
    author: str = _author()
    language: str = _language(
        "Language, as the source says it; else as the newest label does; null where neither does"
    )
    commented_at: c.Moment = c.moment(
        "When it was written; null where the source does not say", nullable=True
    )
    received_at: c.Moment = c.moment("When it came like this")
    first_received_at: c.Moment = c.moment("When it was first received")
    release: str = c.text("The release as the source names it.", nullable=True)
    release_id: str = c.text(
        "The release of `star.dim_release` of that id or title; null where none matches.",
        nullable=True,
    )
    text_id: str = _text_id()
    batch_id: str = _batch_id()
    batch_row: pl.Int64 = c.position("Row of that batch, from 1.")


class Labels(
    Contract,
    table="comments.labels",
    grain="one comment by one version of a labeller",
    key=("comment_id", "labeller", "version"),
    references={("comment_id",): "comments.comments"},
    stage=Stage.COMMENTS,
):
    """What each labeller says of a comment."""

    comment_id: str = _comment_id()
    labeller: str = _labeller()
    version: str = _version()
    category: str = _category("What it is.")
    label_confidence: pl.Float64 = _confidence()
    topics: pl.List = _topics()
    proposed_topics: pl.List = c.text("Topics that are not in the vocabulary.")
    language: str = _language("Language, as the labeller sees it")
    labelled_at: c.Moment = c.moment("When the text was labelled")
    label_key: str = _label_key()
    is_newest: bool = c.text("No other label of the comment is newer: it is the one that counts.")


class CurrentLabel(
    Contract,
    table="comments.current_label",
    grain="one comment that has a label or a decision",
    key=("comment_id",),
    references={("comment_id",): "comments.comments"},
    stage=Stage.COMMENTS,
):
    """What holds of a comment: what a person decided last; else the newest label."""

    comment_id: str = _comment_id()
    category: str = _category("What it is.")
    topics: pl.List = _topics()
    decided_by: str = c.one_of(["person", "labeller"], "Who says so.")
    decided_at: c.Moment = c.moment("When")
    curator: str = c.text("The person; null where nobody decided.", nullable=True)
    is_contested: bool = c.text("Persons decided otherwise of each other.")
    labeller: str = _labeller(nullable=True)
    version: str = _version(nullable=True)
    labelled_as: str = _category(
        "What the newest label says; null where there is none.", nullable=True
    )
    label_confidence: pl.Float64 = _confidence(nullable=True)


class Decisions(
    Contract,
    table="comments.decisions",
    grain="one decision of a person",
    key=("decision_id",),
    references={("comment_id",): "comments.comments"},
    stage=Stage.COMMENTS,
):
    """What persons decided, and what the label was that they saw; the last of a comment counts."""

    decision_id: str = c.column(
        str_matches="^[0-9a-f]{24}$", description="Names the decision; later ones sort after it."
    )
    comment_id: str = _comment_id()
    text_id: str = _text_id()
    category: str = _category("What the person says it is.")
    topics: pl.List = _topics()
    curator: str = c.text("Who decided.")
    decided_at: c.Moment = c.moment("When")
    labelled_as: str = _category(
        "What the label was at that time; null where there was none.", nullable=True
    )
    labelled_topics: pl.List = c.text("Topics of the label at that time.")
    label_confidence: pl.Float64 = _confidence(nullable=True)
    labeller: str = _labeller(nullable=True)
    version: str = _version(nullable=True)


class Categories(
    Contract,
    table="comments.categories",
    grain="one category",
    key=("category",),
    stage=Stage.COMMENTS,
):
    """The categories, by their names in three languages."""

    category: str = _category("Its code.")
    name_en: str = c.text("Name in English.")
    name_pt: str = c.text("Name in Portuguese.")
    name_es: str = c.text("Name in Spanish.")


class Topics(
    Contract,
    table="comments.topics",
    grain="one topic of the vocabulary",
    key=("topic",),
    stage=Stage.COMMENTS,
):
    """The vocabulary of topics: that of the package, and what persons added to it."""

    topic: str = c.column(
        str_matches="^[a-z][a-z0-9_]{1,39}$", description="Its code, such as `feat_autotune`."
    )
    name_en: str = c.text("Name in English.")
    name_pt: str = c.text("Name in Portuguese.")
    name_es: str = c.text("Name in Spanish.")
    meaning: str = c.text("What belongs to it.")
    comments: pl.Int64 = _comments("Comments that have it now.")


class TopicProposals(
    Contract,
    table="comments.topic_proposals",
    grain="one topic that labellers propose and nobody accepted or refused",
    key=("proposed_topic",),
    stage=Stage.COMMENTS,
):
    """Topics that are not in the vocabulary; a person accepts or refuses them."""

    proposed_topic: str = c.text("As labellers write it.")
    comments: pl.Int64 = _comments("Comments whose newest label proposes it.")
    first_proposed_at: c.Moment = c.moment("When it was first proposed")
    example: str = c.text("Id of the newest comment that has it.")


class TopicDaily(
    Contract,
    table="comments.topic_daily",
    grain="one topic and category on one day",
    key=("date", "topic", "category"),
    references={("topic",): "comments.topics"},
    stage=Stage.COMMENTS,
):
    """How many comments of a day are about a topic; one of two topics counts for both."""

    date: pl.Date = c.text("Day (UTC) of the comments.")
    topic: str = c.text("Code of the topic.")
    category: str = _category("What the comments are, by `comments.current_label`.")
    comments: pl.Int64 = _comments("Comments.")


class CategoryDaily(
    Contract,
    table="comments.category_daily",
    grain="one category and language on one day",
    key=("date", "category", "language"),
    stage=Stage.COMMENTS,
):
    """How many comments of a day are what, by `comments.current_label`; each counts once."""

    date: pl.Date = c.text("Day (UTC) of the comments.")
    category: str = _category("What they are.")
    language: str = c.text("Language of the comments; `unknown` where it is not known.")
    comments: pl.Int64 = _comments("Comments.")
    decided: pl.Int64 = _comments("Of these, those of which a person decided.")


class DisagreementDaily(
    Contract,
    table="comments.disagreement_daily",
    grain="one version of a labeller on one day of decisions",
    key=("date", "labeller", "version"),
    stage=Stage.COMMENTS,
):
    """How often persons decide otherwise than the label that they saw."""

    date: pl.Date = c.text("Day (UTC) of the decisions.")
    labeller: str = _labeller()
    version: str = _version()
    decisions: pl.Int64 = c.count("Decisions about a comment that had a label of this version.")
    unsure: pl.Int64 = c.count("Of these, those where the label was `unsure`.")
    disagreements: pl.Int64 = c.count("Of the others, those that changed the category.")
    topic_changes: pl.Int64 = c.count("Of all, those that changed the topics.")


class Evaluations(
    Contract,
    table="comments.evaluations",
    grain="one measure of a version of a labeller on a golden set",
    key=("labeller", "version", "golden", "language", "category", "measure"),
    stage=Stage.COMMENTS,
):
    """How good labellers are, against the judgement of people."""

    labeller: str = _labeller()
    version: str = _version()
    golden: str = c.text("First digits of the hash of the golden set.")
    language: str = c.text("Language of the comments; `all` for all.")
    category: str = c.text("Category; `all` for all.")
    measure: str = c.text("What is measured, such as `macro_f1` or `coverage`.")
    estimate: pl.Float64 = c.text("The value.")
    low: pl.Float64 = c.text("Lower end of its 95 % interval.", nullable=True)
    high: pl.Float64 = c.text("Upper end of its 95 % interval.", nullable=True)
    comments: pl.Int64 = _comments("Comments that it is measured on.")
    evaluated_at: c.Moment = c.moment("When")


class Confusion(
    Contract,
    table="comments.confusion",
    grain="one pair of what a comment is and what a version of a labeller says, on a golden set",
    key=("labeller", "version", "golden", "language", "truth", "said"),
    stage=Stage.COMMENTS,
):
    """What labellers take for what."""

    labeller: str = _labeller()
    version: str = _version()
    golden: str = c.text("First digits of the hash of the golden set.")
    language: str = c.text("Language of the comments; `all` for all.")
    truth: str = _category("What it is, by the judgement of people.")
    said: str = _category("What the labeller says.")
    comments: pl.Int64 = _comments("Comments.")


class CommentBatches(
    Contract,
    table="monitoring.comment_batches",
    grain="one batch that was received",
    key=("batch_id",),
    stage=Stage.COMMENTS,
):
    """The account of each batch: received = kept + duplicate + quarantined."""

    batch_id: str = _batch_id()
    received_at: c.Moment = c.moment("When it was received")
    came_by: str = c.one_of(["api", "csv", "json", "ndjson"], "How it came.")
    source: str = c.text("Where its comments are from, where they do not say it themselves.")
    file_name: str = c.text("Name of the file; null for the API.", nullable=True)
    left_out: pl.List = c.text("Names of its columns that are not read, and not stored.")
    received: pl.Int64 = c.count("Rows of the batch.")
    kept: pl.Int64 = c.count("Comments that no batch before it has, or has otherwise.")
    duplicate: pl.Int64 = c.count("Comments that it or a batch before it has just so.")
    quarantined: pl.Int64 = c.count("Rows in `quarantine.comments`.")


class QuarantinedComments(
    Contract,
    table="quarantine.comments",
    grain="one row of a batch that cannot be read, or one comment that a labeller gave up",
    key=("batch_id", "batch_row"),
    stage=Stage.COMMENTS,
):
    """Comments that were set aside, each with the reason."""

    batch_id: str = _batch_id()
    batch_row: pl.Int64 = c.position("Row of the batch, from 1.")
    set_aside_by: str = c.text("`reading`, or the labeller and its version.")
    column_name: str = c.text("The column; `row` where it is the row as a whole.")
    value: str = c.text("What stands there, up to 200 characters; nothing that may be a name.")
    reason: str = c.text("Why it was set aside.")


class CommentSources(
    Contract,
    table="monitoring.comment_sources",
    grain="one file of comments in the lake, as it was loaded",
    key=("file",),
    stage=Stage.PUBLICATION,
):
    """What the tables of comments were made from; where one differs, they are made again."""

    file: str = c.lake_file()
    bytes: pl.Int64 = c.file_bytes()
    modified_ns: pl.Int64 = c.written_ns()
