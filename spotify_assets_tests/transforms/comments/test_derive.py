"""The tables of comments, from batches, labels and decisions; recomputed in plain Python."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotify_assets.lake.comments import Batch
from spotify_assets.schemas import COMMENTS, WAREHOUSE
from spotify_assets.schemas.comments import Decisions, TextLabels
from spotify_assets.transforms.comments import DERIVED, derive
from spotify_assets.transforms.comments.rows import label_key, tables, text_id
from spotify_assets.transforms.comments.topics import Topic, Vocabulary, read, vocabulary, written
from spotify_assets.warehouse.tables import create

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
AT = NOW.replace(tzinfo=None)
MIX = Topic({"en": "Mix", "pt": "Mix", "es": "Mezcla"}, "How it is mixed.", ("mix",))
TOPICS = Vocabulary({"mix": MIX, "tour": MIX}, frozenset({"weather"}))
Rows = list[dict[str, Any]]


@cache
def warehouse() -> duckdb.DuckDBPyConnection:
    """Empty tables, and three releases; what a test puts in is rolled back."""
    connection = duckdb.connect(config={"threads": 1})
    create(connection, [WAREHOUSE["star.dim_release"], *COMMENTS])
    connection.execute(
        "INSERT INTO star.dim_release BY NAME FROM (VALUES ('luz', 'a', 'Luz!'), "
        "('sol', 'a', 'Sol'), ('sol-2', 'a', 'sol')) AS r(release_id, artist_id, title)"
    )
    return connection


@dataclass
class Lake:
    """What the tables are made from."""

    batches: list[Batch] = field(default_factory=list)
    labels: Rows = field(default_factory=list)
    decisions: Rows = field(default_factory=list)

    def receive(self, *lines: Mapping[str, Any], at: dt.datetime = NOW) -> None:
        rows = [{"row": number, **line} for number, line in enumerate(lines, 1)]
        batch_id = f"{len(self.batches):024x}"
        self.batches.append(Batch(batch_id, at, "api", "web", rows))

    def label(self, text: str, category: str | None, version: str = "v1", **said: Any) -> None:
        of = text_id(text)
        row: dict[str, Any] = {
            "label_key": label_key(version, of),
            "text_id": of,
            "version": version,
        }
        row |= {
            "labeller": "words",
            "category": category,
            "label_confidence": 0.9,
            "language": "en",
        }
        row |= {"topics": [], "proposed_topics": [], "reason": None, "labelled_at": AT}
        self.labels.append(row | said)

    def decide(self, text: str, category: str, curator: str = "ana", **said: Any) -> None:
        number = f"{len(self.decisions):024x}"
        row: dict[str, Any] = {
            "decision_id": number,
            "comment_id": self.id_of(text),
            "text_id": text_id(text),
        }
        row |= {"category": category, "topics": [], "curator": curator, "decided_at": AT}
        row |= {"labelled_as": "praise", "labelled_topics": [], "label_confidence": 0.9}
        self.decisions.append(row | {"labeller": "words", "version": "v1"} | said)

    def id_of(self, text: str) -> str:
        rows = tables(self.batches)["processed.received_comments"].rows(named=True)
        return next(str(row["comment_id"]) for row in rows if row["text"] == text)

    def tables(self, topics: Vocabulary = TOPICS) -> dict[str, Rows]:
        connection = warehouse()
        connection.begin()
        try:
            made = tables(self.batches)
            views = {
                "received_comments": made["processed.received_comments"],
                "unreadable_comments": made["quarantine.comments"],
                "received_batches": made["processed.comment_batches"],
                "text_labels": pl.DataFrame(self.labels, TextLabels.polars_schema()),
                "decided": pl.DataFrame(self.decisions, Decisions.polars_schema()),
            }
            for name, frame in views.items():
                connection.register(name, frame.to_arrow())
            derive(connection, topics)
            for contract, name in DERIVED.items():
                connection.execute(f"INSERT INTO {contract.table()} BY NAME FROM {name}")
            rows = {c: connection.sql(f"FROM {c.table()} ORDER BY ALL").pl() for c in COMMENTS}
            return {c.table(): c.validate(frame).to_dicts() for c, frame in rows.items()}
        finally:
            connection.rollback()


@pytest.fixture
def lake() -> Lake:
    return Lake()


def one(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    [row] = rows
    return row


def test_the_same_comment_twice_is_one_and_the_account_says_so(lake: Lake) -> None:
    lake.receive({"id": "1", "text": "hello"}, {"id": "1", "text": "hello"}, {"text": " "})
    lake.receive({"id": "1", "text": "hello"}, at=NOW + dt.timedelta(days=1))
    made = lake.tables()
    assert one(made["comments.comments"])["received_at"] == AT
    accounts = [
        tuple(row[name] for name in ("received", "kept", "duplicate", "quarantined"))
        for row in made["monitoring.comment_batches"]
    ]
    assert accounts == [(3, 1, 1, 1), (1, 0, 1, 0)]


def test_a_comment_that_was_edited_is_as_it_last_came(lake: Lake) -> None:
    lake.receive({"id": "1", "text": "first"})
    lake.receive({"id": "1", "text": "second"}, at=NOW + dt.timedelta(hours=1))
    lake.label("first", "praise")
    lake.decide("first", "spam")
    row = one(lake.tables()["comments.comments"])
    assert (row["text"], row["first_received_at"]) == ("second", AT)
    # Nobody has said anything of the text that is there now.
    assert lake.tables()["comments.current_label"] == []


@settings(max_examples=10)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=4), max_size=4
    )
)
def test_every_row_is_kept_duplicate_or_set_aside(came: list[list[tuple[str, str]]]) -> None:
    lake, kept = Lake(), 0
    last: dict[str, str] = {}
    for number, batch in enumerate(came):
        lines = [{"id": comment, "text": text} for comment, text in batch]
        lake.receive(*lines, at=NOW + dt.timedelta(minutes=number))
        for comment, text in batch:
            kept += last.get(comment) != text
            last[comment] = text
    made = lake.tables()
    found = {row["source_id"]: row["text"] for row in made["comments.comments"]}
    assert found == last
    batches = made["monitoring.comment_batches"]
    assert sum(row["kept"] for row in batches) == kept
    assert all(r["received"] == r["kept"] + r["duplicate"] + r["quarantined"] for r in batches)


def test_every_comment_ends_once(lake: Lake) -> None:
    texts = ("labelled", "unsure", "given up", "waits", "given up and decided")
    lake.receive(*({"text": text} for text in texts), {"text": ""})
    lake.label("labelled", "praise")
    lake.label("unsure", "unsure")
    lake.label("given up", None, reason="It is no text that a model takes.")
    lake.label("given up and decided", None, reason="The same.")
    lake.decide("given up and decided", "question")
    made = lake.tables()
    ended = [row["comment_id"] for row in made["comments.current_label"]]
    aside = [row["batch_row"] for row in made["quarantine.comments"]]
    assert sorted(ended) == sorted(lake.id_of(texts[number]) for number in (0, 1, 4))
    assert aside == [3, 6]


def test_a_persons_decision_counts_over_a_newer_label(lake: Lake) -> None:
    lake.receive({"text": "fine, really"})
    lake.label("fine, really", "praise")
    lake.decide("fine, really", "criticism", topics=["mix"])
    lake.label("fine, really", "spam", "v2", labelled_at=AT + dt.timedelta(days=9))
    row = one(lake.tables()["comments.current_label"])
    assert (row["category"], row["decided_by"], row["labelled_as"]) == (
        "criticism",
        "person",
        "spam",
    )
    assert row["topics"] == ["mix"]
    assert not row["is_contested"]


def test_of_two_persons_the_last_counts_and_that_they_differ_is_said(lake: Lake) -> None:
    lake.receive({"text": "so so"})
    lake.decide("so so", "praise", "ana")
    lake.decide("so so", "criticism", "bia")
    row = one(lake.tables()["comments.current_label"])
    assert (row["category"], row["curator"], row["is_contested"]) == ("criticism", "bia", True)
    lake.decide("so so", "criticism", "ana")
    assert not one(lake.tables()["comments.current_label"])["is_contested"]


def test_the_newest_label_counts_and_all_are_kept(lake: Lake) -> None:
    lake.receive({"text": "x"})
    lake.label("x", "praise", "v1")
    lake.label("x", "spam", "v2", labelled_at=AT + dt.timedelta(days=1))
    # As it is where a kill left labels in two files.
    lake.label("x", "praise", "v1")
    made = lake.tables()
    newest = [row["version"] for row in made["comments.labels"] if row["is_newest"]]
    assert (newest, len(made["comments.labels"])) == (["v2"], 2)


def test_a_proposed_topic_waits_until_it_is_accepted_or_refused(lake: Lake) -> None:
    lake.receive({"text": "x"})
    lake.label("x", "praise", topics=["mix"], proposed_topics=["parking", "weather"])
    before = lake.tables()
    assert [row["proposed_topic"] for row in before["comments.topic_proposals"]] == ["parking"]
    assert one(before["comments.current_label"])["topics"] == ["mix"]
    accepted = Vocabulary({**TOPICS.topics, "parking": MIX}, TOPICS.refused)
    after = lake.tables(accepted)
    assert after["comments.topic_proposals"] == []
    assert one(after["comments.current_label"])["topics"] == ["mix", "parking"]
    counted = [(row["topic"], row["comments"]) for row in after["comments.topic_daily"]]
    assert counted == [("mix", 1), ("parking", 1)]


def test_a_release_is_found_by_its_id_or_by_a_title_that_one_alone_has(lake: Lake) -> None:
    named = {"sol": "sol", "LUZ": "luz", "Sol": None, "nothing": None}
    lake.receive(*({"text": name, "release": name} for name in named))
    rows = lake.tables()["comments.comments"]
    assert {row["release"]: row["release_id"] for row in rows} == named


def test_disagreement_is_between_a_person_and_the_label_that_the_person_saw(lake: Lake) -> None:
    lake.receive(*({"text": text} for text in "abcd"))
    lake.decide("a", "praise")
    lake.decide("b", "spam")
    lake.decide("c", "spam", labelled_as="unsure", topics=["mix"])
    lake.decide("d", "spam", labelled_as=None, labeller=None, version=None)
    row = one(lake.tables()["comments.disagreement_daily"])
    assert (row["decisions"], row["unsure"], row["disagreements"]) == (3, 1, 1)
    assert row["topic_changes"] == 1


def test_the_day_of_a_comment_is_that_of_its_time_else_of_its_coming(lake: Lake) -> None:
    lake.receive({"text": "a", "created_at": "2026-11-18T23:30:00-03:00"}, {"text": "b"})
    days = {row["text"]: row["date"].day for row in lake.tables()["comments.comments"]}
    assert days == {"a": 19, "b": 20}


def test_the_vocabulary_is_read_as_it_is_written() -> None:
    odd = Topic({"en": 'a "b"\n', "pt": "ã\x7f", "es": "\\"}, "m", ("x*", "'"))
    own = Vocabulary({"odd": odd}, frozenset({"a b"}))
    assert read(written(own)) == own
    assert vocabulary(written(own)).topics["odd"] == odd
    assert len(vocabulary().topics) > 10


def _each_language(topic: Topic) -> Iterator[str]:
    yield from (topic.names[language] for language in ("en", "pt", "es"))


def test_every_topic_of_the_package_has_a_name_in_each_language_and_words() -> None:
    for code, topic in vocabulary().topics.items():
        assert all(_each_language(topic)), code
        assert topic.words, code
