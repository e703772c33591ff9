"""The tables of comments are what the document says of the raw batches."""

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotify_assets.lake import Lake
from spotify_assets.operations.curation import Curator, Wanted, work_list
from spotify_assets_tests.commented import label_and_publish, receive
from spotify_assets_tests.model import comments as model

NOW = dt.datetime.now(dt.UTC)
TIMES = (None, "2026-11-18T23:30:00-03:00", "2026-11-18", 1_763_500_000, 1_763_500_000_000, "soon")
COMMENT = st.fixed_dictionaries(
    {"text": st.sampled_from(("a", "b?", "", "\ud800", 5, None, "x" * 100_001, "nul\x00"))},
    optional={
        "id": st.sampled_from(("1", 1, 2, "", "i" * 501)),
        "author": st.sampled_from(("ana", "bia")),
        "created_at": st.sampled_from((*TIMES, "1066-10-14", "2099-01-01")),
        "source": st.sampled_from(("web", "app")),
        "language": st.sampled_from(("pt-BR", "eng", "Português!", " ")),
        "release": st.sampled_from(("Luz", "Sol")),
    },
)


def ask(database: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


@settings(max_examples=settings().max_examples // 6, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(COMMENT, max_size=6), min_size=1, max_size=3), st.integers(0, 3))
def test_any_batches_make_the_tables_that_the_document_says(
    tmp_path_factory: pytest.TempPathFactory, came: list[list[dict[str, object]]], decided: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    lake, database = Lake(folder / "lake"), folder / "spotify.duckdb"
    for number, batch in enumerate(came):
        read = json.loads(json.dumps(batch))
        receive(lake, *read, at=NOW + dt.timedelta(microseconds=number))
    label_and_publish(lake, database)
    for number, comment in enumerate(work_list(database, lake, Wanted(category=None))[:decided]):
        for curator in ("ana", "bia")[: 1 + number % 2]:
            Curator(curator, lake).decide(comment, "spam" if curator == "ana" else "praise")
    label_and_publish(lake, database)
    expected = model.comments(lake.root)
    assert {
        key: (text, date, commented_at, batch_id, row)
        for key, text, date, commented_at, batch_id, row in ask(
            database,
            "SELECT comment_id, text, date, commented_at, batch_id, batch_row "
            "FROM comments.comments",
        )
    } == {
        key: (one["text"], one["date"], one["commented_at"], one["batch_id"], one["batch_row"])
        for key, one in expected.items()
    }
    assert {
        batch_id: tuple(counts)
        for batch_id, *counts in ask(
            database,
            "SELECT batch_id, received, kept, duplicate, quarantined "
            "FROM monitoring.comment_batches",
        )
    } == model.accounts(lake.root)
    assert {
        key: (category, curator, contested)
        for key, category, curator, contested in ask(
            database,
            "SELECT comment_id, category, curator, is_contested FROM comments.current_label "
            "WHERE decided_by = 'person'",
        )
    } == model.decided(lake.root)
    # Each ends once.
    [(ended,)] = ask(
        database,
        "SELECT (SELECT count(*) FROM comments.current_label) "
        "+ (SELECT count(*) FROM quarantine.comments WHERE set_aside_by <> 'reading')",
    )
    assert ended == len(expected)
