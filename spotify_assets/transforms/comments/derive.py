"""All tables of comments, in one connection.

Belongs here: the order of the steps, and what they take beside tables. Does not belong here: the
rules, which are SQL.

Source: the temporary views ``received_comments``, ``unreadable_comments``, ``received_batches``,
``text_labels`` and ``decided`` (as the lake holds them), and the table ``star.dim_release``.
"""

import hashlib
from importlib import resources

import duckdb
import polars as pl

from spotify_assets.schemas import Contract, comments
from spotify_assets.schemas.comments import LANGUAGES
from spotify_assets.transforms.comments.topics import CATEGORY_NAMES, Vocabulary
from spotify_assets.transforms.releases.matching import normal

RULES = 1
"""Raise it when a rule outside the SQL changes."""
STEPS = ("once", "labels", "comments", "decisions", "current_label", "topics", "daily", "account")
SQL = resources.files("spotify_assets.transforms.comments")
DERIVED: dict[type[Contract], str] = {
    comments.Comments: "comments",
    comments.Labels: "comment_labels",
    comments.CurrentLabel: "current_label",
    comments.Decisions: "decisions",
    comments.Categories: "categories",
    comments.Topics: "topics",
    comments.TopicProposals: "topic_proposals",
    comments.TopicDaily: "topic_daily",
    comments.CategoryDaily: "category_daily",
    comments.DisagreementDaily: "disagreement_daily",
    comments.CommentBatches: "batches",
    comments.QuarantinedComments: "set_aside",
}
"""For each table the temporary one that holds its rows."""


def version() -> str:
    """The same for the same tables from the same files."""
    texts = [_text(name) for name in STEPS]
    return hashlib.sha256(repr((RULES, texts, CATEGORY_NAMES)).encode()).hexdigest()[:8]


def derive(connection: duckdb.DuckDBPyConnection, vocabulary: Vocabulary) -> None:
    """Make the temporary tables of `DERIVED`, by the rules of docs/comments.md.

    Args:
        connection: Has the sources named above.
        vocabulary: The topics that there are now.
    """
    _keep(connection, "vocabulary", _topics(vocabulary))
    refused = pl.DataFrame(
        {"proposed_topic": sorted(vocabulary.refused)}, {"proposed_topic": pl.String}
    )
    _keep(connection, "refused_topics", refused)
    _keep(connection, "categories", _categories())
    _keep(connection, "named_releases", _releases(connection))
    for step in STEPS:
        connection.execute(_text(step))


def _topics(vocabulary: Vocabulary) -> pl.DataFrame:
    rows = [
        (code, *(topic.names[one] for one in LANGUAGES), topic.meaning)
        for code, topic in vocabulary.topics.items()
    ]
    names = ("topic", "name_en", "name_pt", "name_es", "meaning")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _categories() -> pl.DataFrame:
    rows = [(category, *names) for category, names in CATEGORY_NAMES.items()]
    return pl.DataFrame(rows, schema=comments.Categories.polars_schema(), orient="row")


def _releases(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The release that each name in a comment means: by id, else by a title that one alone has."""
    declared = connection.sql("SELECT release_id, title FROM star.dim_release").fetchall()
    by_title: dict[str, set[str]] = {}
    for release_id, title in declared:
        by_title.setdefault(normal(title), set()).add(release_id)
    ids = {release_id for release_id, _ in declared}
    named = connection.sql(
        "SELECT DISTINCT release FROM received_comments WHERE release IS NOT NULL"
    ).fetchall()
    found = []
    for (name,) in named if declared else []:
        meant = {name} if name in ids else by_title.get(normal(name), set())
        if len(meant) == 1:
            found.append((name, next(iter(meant))))
    return pl.DataFrame(found, schema={"release": pl.String, "release_id": pl.String}, orient="row")


def _keep(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register("made", frame.to_arrow())
    connection.execute(f"CREATE TEMP TABLE {name} AS FROM made")
    connection.unregister("made")


def _text(name: str) -> str:
    return SQL.joinpath(f"{name}.sql").read_text(encoding="utf-8")
