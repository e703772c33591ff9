"""Comments in Dagster: from the drop folder to labels; once, whatever comes twice or stops."""

import datetime as dt
import json
import os
from collections.abc import Iterator, Sequence

import dagster as dg
import duckdb
import polars as pl
import pytest

from spotify_assets.defs import launch
from spotify_assets.defs.comments import sensors
from spotify_assets.defs.publication import publish_now
from spotify_assets.lake.comment_decisions import DecisionLog
from spotify_assets.lake.comment_labels import MAX_LABEL_FILES, label_files, merge_labels
from spotify_assets.lake.comments import waiting
from spotify_assets.learning.labellers import LabelResult, Rejected
from spotify_assets.learning.labelling import AT_ONCE, label_day
from spotify_assets.settings import Settings
from spotify_assets.sources.comments.importing import accept
from spotify_assets.sources.comments.records import Records
from spotify_assets.storage.errors import ProjectError

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A data folder whose drop folder was taken the whole way."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SPOTI")]:
            patch.delenv(name)
        patch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path_factory.mktemp("comments") / "data"))
        settings = Settings()
        settings.comment_inbox.mkdir(parents=True)
        said = [{"id": 1, "text": "I love the lyrics", "user": "ana"}, {"id": 2, "text": ""}]
        (settings.comment_inbox / "web.json").write_text(json.dumps(said), encoding="utf-8")
        (settings.comment_inbox / "notes.csv").write_text("what,when\nparty,tonight\n", "utf-8")
        launch.prepare_home(settings.dagster_home)
        with launch.instance(settings) as instance:
            outcome = launch.label_comments(instance, settings, TODAY, [])
            outcome.raise_for_failure()
            batch_ids, refused = launch.imported_comments(instance, outcome.run_id)
        assert (len(batch_ids), [name for name, _ in refused]) == (1, ["notes.csv"])
        yield settings


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(settings.database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


class Counting:
    """A labeller that notes what it is asked, and is stopped after some portions."""

    name, version = "counting", "v1"

    def __init__(self, portions: int = 1000, reason: str | None = None) -> None:
        self.left, self.reason, self.asked = portions, reason, list[str]()

    def label(self, texts: Sequence[str]) -> list[LabelResult | Rejected]:
        if self.left == 0:
            raise ProjectError("The server is down.")
        self.left -= 1
        self.asked += texts
        if self.reason:
            return [Rejected(self.reason) for _ in texts]
        return [LabelResult("unsure", 0.3, (), ("parking",), "en") for _ in texts]


def test_a_comment_of_the_drop_folder_stands_labelled_in_the_warehouse(settings: Settings) -> None:
    [(text, category, topics)] = ask(
        settings,
        "SELECT text, category, topics FROM comments.comments JOIN comments.current_label "
        "USING (comment_id)",
    )
    assert (text, category, topics) == ("I love the lyrics", "praise", ["lyrics"])
    assert ask(settings, "SELECT batch_row, reason FROM quarantine.comments") == [
        (2, "There is no text.")
    ]
    assert waiting(settings.lake) == []


def test_a_second_publication_changes_nothing(settings: Settings) -> None:
    # The run itself is news once.
    publish_now(settings)
    was = settings.database.stat().st_ino
    publish_now(settings)
    assert settings.database.stat().st_ino == was


def test_what_a_labeller_said_before_it_was_stopped_is_not_asked_again(settings: Settings) -> None:
    received = Records("key", "web")
    received.extend({"text": f"comment {number}"} for number in range(AT_ONCE + 50))
    accept(settings.lake, received, dt.datetime.now(dt.UTC))
    stopped, going_on = Counting(portions=1), Counting()
    with pytest.raises(ProjectError, match="down"):
        label_day(settings.lake, TODAY, stopped)
    assert waiting(settings.lake) == [TODAY]
    done = label_day(settings.lake, TODAY, going_on)
    assert waiting(settings.lake) == []
    assert not set(stopped.asked) & set(going_on.asked)
    assert len(stopped.asked) == AT_ONCE
    assert done.asked == len(going_on.asked)
    assert label_day(settings.lake, TODAY, Counting(portions=0)).asked == 0


def test_a_new_version_asks_again_and_what_it_gives_up_keeps_its_label(settings: Settings) -> None:
    newer = Counting(reason="It is no text that a model takes.")
    newer.version = "v2"
    assert label_day(settings.lake, TODAY, newer).rejected == len(newer.asked) > 0
    publish_now(settings)
    assert ask(settings, "SELECT count(*) FROM quarantine.comments WHERE set_aside_by <> 'reading'")
    [(labelled, comments)] = ask(
        settings,
        "SELECT (SELECT count(*) FROM comments.current_label), count(*) FROM comments.comments",
    )
    assert labelled == comments


def test_many_files_of_labels_become_one_with_the_same_labels(settings: Settings) -> None:
    before = pl.concat([pl.read_parquet(file) for file in label_files(settings.lake, TODAY)])
    for number in range(MAX_LABEL_FILES + 1):
        more = Counting()
        more.version = f"w{number}"
        label_day(settings.lake, TODAY, more)
    merge_labels(settings.lake, TODAY)
    files = label_files(settings.lake, TODAY)
    assert len(files) <= MAX_LABEL_FILES
    after = pl.concat([pl.read_parquet(file) for file in files])
    assert set(before["label_key"]) <= set(after["label_key"])
    assert after["label_key"].is_unique().all()


def test_a_damaged_file_of_comments_keeps_its_tables_and_no_others(settings: Settings) -> None:
    def rows() -> list[tuple[object, ...]]:
        return ask(settings, "FROM comments.labels ORDER BY ALL")

    publish_now(settings)
    before, (file, *_) = rows(), label_files(settings.lake, TODAY)
    body, stat = file.read_bytes(), file.stat()
    file.write_bytes(body[: len(body) // 2])
    assert publish_now(settings).damaged["table_name"].to_list() == ["raw.comments"]
    assert rows() == before
    file.write_bytes(body)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert publish_now(settings).damaged.is_empty()
    assert rows() == before


def test_a_decision_that_a_kill_cut_is_none_and_the_others_count(settings: Settings) -> None:
    [(comment_id, text_id)] = ask(
        settings, "SELECT comment_id, text_id FROM comments.comments WHERE source_id = '1'"
    )
    decision = {"comment_id": comment_id, "text_id": text_id, "category": "question"}
    decision |= {"topics": ["vocals"], "curator": "ana", "labelled_topics": []}
    DecisionLog(settings.lake).add(decision, dt.datetime.now(dt.UTC))
    [file] = settings.lake.root.glob("raw/comment_decisions/*/*.jsonl")
    with file.open("ab") as log:
        log.write(b'{"decision_id": "00')
    publish_now(settings)
    assert ask(settings, "SELECT category, topics, curator FROM comments.decisions") == [
        ("question", ["vocals"], "ana")
    ]


def test_the_sensor_asks_for_a_run_where_comments_wait_and_for_a_publication_of_decisions(
    settings: Settings,
) -> None:
    launch.prepare_home(settings.dagster_home)

    def look(cursor: str | None) -> tuple[list[str | None], str | None]:
        with dg.DagsterInstance.get() as instance:
            context = dg.build_sensor_context(
                instance, cursor=cursor, resources={"settings": settings}
            )
            tick = sensors.comments_waiting(context)
        assert isinstance(tick, dg.SensorResult)
        return [request.job_name for request in tick.run_requests or []], tick.cursor

    first, cursor = look(None)
    assert first == ["publish_decisions"]
    # What lies in the drop folder was not imported by this sensor: now nothing changes any more.
    second, cursor = look(cursor)
    assert second == ["label_comments"]
    assert look(cursor)[0] == []
    (settings.comment_inbox / "web.json").unlink()
    (settings.comment_inbox / "notes.csv").unlink()
    read = Records("key", "web")
    read.add({"text": "one more"})
    accept(settings.lake, read, dt.datetime.now(dt.UTC))
    assert look(cursor)[0] == ["label_comments"]
