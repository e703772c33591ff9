"""`forget --comments` and `explain`: back to the row that came, or away for good."""

import datetime as dt
import os
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.lake import history
from spotify_assets.lake.comments import find_batch, waiting
from spotify_assets.operations.curation import Curator, Wanted, work_list
from spotify_assets.settings import Settings
from spotify_assets.sources.comments.importing import accept
from spotify_assets.sources.comments.records import Records
from spotify_assets_tests.commented import label_and_publish, receive

PERSONAL = "a very personal sentence"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("SPOTI")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path / "data"))
    settings = Settings()
    records = Records(history.secret(settings.lake), "web")
    records.add({"id": "1", "text": f"{PERSONAL}?", "author": "Ana"})
    records.add({"id": "2", "text": "stays", "author": "Bia"})
    records.add({"id": "3", "text": "", "author": "Ana"})
    accept(settings.lake, records, dt.datetime.now(dt.UTC))
    receive(settings.lake, {"id": "4", "text": "alone"})
    label_and_publish(settings.lake, settings.database)
    [comment] = work_list(settings.database, settings.lake, Wanted())
    Curator("cara", settings.lake).decide(comment, "question")
    return settings


def said(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(settings.database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_an_author_is_forgotten_by_name_for_good_and_nobody_else(settings: Settings) -> None:
    assert said("forget", "--comments", "--dry-run", "Ana").exit_code == 0
    assert said("forget", "--comments", "Ana").exit_code == 2
    [(comment_id, batch_id)] = ask(
        settings, "SELECT comment_id, batch_id FROM comments.comments WHERE source_id = '1'"
    )
    done = said("forget", "--comments", "--yes", "Ana")
    assert (done.exit_code, "Forgot 2 row(s)" in done.stdout) == (0, True), done.output
    assert ask(settings, "SELECT source_id FROM comments.comments ORDER BY ALL") == [
        ("2",),
        ("4",),
    ]
    assert ask(settings, "FROM comments.decisions") == []
    assert ask(settings, "FROM quarantine.comments") == []
    held = [path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file()]
    assert not [body for body in held if PERSONAL.encode() in body]
    assert not [body for body in held if str(comment_id).encode() in body]
    assert said("forget", "--comments", "--yes", "Ana").exit_code == 2
    # The rest of the batch is as it was.
    state = ask(settings, "SELECT received, kept FROM monitoring.comment_batches ORDER BY ALL")
    assert state == [(1, 1), (1, 1)]
    assert find_batch(settings.lake, str(batch_id))
    label_and_publish(settings.lake, settings.database)
    assert waiting(settings.lake) == []


def test_a_batch_is_forgotten_whole_and_a_comment_by_its_id(settings: Settings) -> None:
    [(comment_id, batch_id)] = ask(
        settings, "SELECT comment_id, batch_id FROM comments.comments WHERE source_id = '4'"
    )
    assert said("forget", "--comments", "--yes", str(comment_id)).exit_code == 0
    assert find_batch(settings.lake, str(batch_id)) is None
    assert len(ask(settings, "FROM comments.comments")) == 2
    assert len(ask(settings, "FROM monitoring.comment_batches")) == 1


def test_a_row_of_each_table_is_explained_by_the_row_that_came(settings: Settings) -> None:
    [(comment_id, batch_id)] = ask(
        settings, "SELECT comment_id, batch_id FROM comments.comments WHERE source_id = '1'"
    )
    for table in ("comments.comments", "comments.current_label"):
        shown = said("explain", table, str(comment_id))
        assert (shown.exit_code, PERSONAL in shown.stdout) == (0, True), shown.output
        assert "Ana" not in shown.stdout
    aside = said("explain", "quarantine.comments", str(batch_id), "3")
    assert (aside.exit_code, '"row": 3' in aside.stdout) == (0, True), aside.output
    assert said("explain", "comments.topics", "lyrics").exit_code == 1
