"""`review` and `topics`: what persons decide counts, and is kept whatever comes after."""

import os
from collections.abc import Iterator

import duckdb
import pytest
from typer.testing import CliRunner, Result

from spotify_assets.cli import app
from spotify_assets.operations.curation import Curator, Wanted, work_list
from spotify_assets.settings import Settings
from spotify_assets_tests.commented import label_and_publish, receive

TEXTS = ("when?", "where?", "who?", "lovely", "[bold]loud[/bold] \x1b]0;title\x07?")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SPOTI")]:
            patch.delenv(name)
        patch.setenv("SPOTIFY_ASSETS_DATA_DIR", str(tmp_path_factory.mktemp("curated") / "data"))
        settings = Settings()
        receive(settings.lake, *({"text": text} for text in TEXTS))
        label_and_publish(settings.lake, settings.database)
        yield settings


def said(*words: str, keys: str = "") -> Result:
    return CliRunner().invoke(app, words, input=keys)


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(settings.database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_one_key_decides_a_comment_and_the_file_says_who_and_what_the_label_was(
    settings: Settings,
) -> None:
    waiting = work_list(settings.database, settings.lake, Wanted())
    assert len(waiting) == 4
    done = said("review", "--curator", "ana", keys="q e")
    assert (done.exit_code, "1 decided, 3 left" in done.stdout) == (0, True), done.output
    assert ask(
        settings,
        "SELECT comment_id, category, topics, curator, labelled_as, labeller "
        "FROM comments.decisions",
    ) == [(waiting[0].comment_id, "question", ["lyrics"], "ana", "unsure", "praising")]
    assert ask(
        settings,
        "SELECT category, decided_by FROM comments.current_label WHERE curator = 'ana'",
    ) == [("question", "person")]
    left = [one.comment_id for one in work_list(settings.database, settings.lake, Wanted())]
    assert left == [one.comment_id for one in waiting[1:]]


def test_what_was_decided_a_moment_ago_waits_no_more_though_nothing_is_published(
    settings: Settings,
) -> None:
    first, *rest = work_list(settings.database, settings.lake, Wanted())
    Curator("bia", settings.lake).decide(first, "criticism", ["tickets"])
    assert work_list(settings.database, settings.lake, Wanted()) == rest


def test_one_comment_is_decided_by_name_and_again_by_another(settings: Settings) -> None:
    comment_id = str(ask(settings, "SELECT comment_id FROM comments.comments LIMIT 1")[0][0])
    for curator, category in (("ana", "spam"), ("bia", "praise")):
        words = ("review", "--comment", comment_id, "--as", category, "--curator", curator)
        assert said(*words, "--topics", "mix, tickets").exit_code == 2
        assert said(*words, "--topics", "vocals, tickets").exit_code == 0
    [row] = ask(
        settings,
        "SELECT category, topics, curator, is_contested FROM comments.current_label "
        f"WHERE comment_id = '{comment_id}'",
    )
    assert row == ("praise", ["tickets", "vocals"], "bia", True)


def test_keys_that_mean_nothing_decide_nothing_and_texts_are_shown_as_text(
    settings: Settings,
) -> None:
    before = ask(settings, "SELECT count(*) FROM comments.decisions")
    # Enter agrees with a label: of one that is unsure there is nothing to agree with.
    done = said("review", keys="zZ1\n\nb  ")
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert ask(settings, "SELECT count(*) FROM comments.decisions") == before


@pytest.mark.parametrize(
    "words",
    [
        ("--category", "nice"),
        ("--comment", "0" * 24),
        ("--comment", "x' OR true --"),
        ("--as", "praise"),
    ],
)
def test_a_word_that_is_wrong_is_told(settings: Settings, words: tuple[str, ...]) -> None:
    done = said("review", *words)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_a_proposed_topic_is_a_topic_once_it_is_accepted_and_asked_no_more_once_refused(
    settings: Settings,
) -> None:
    names = ("--en", "Parking", "--pt", "Estacionamento", "--es", "Aparcamiento")
    assert "parking" in said("topics").stdout
    assert said("topics", "accept", "Parking!", *names, "--meaning", "x").exit_code == 2
    assert said("topics", "refuse", "lyrics").exit_code == 2
    assert said("topics", "refuse", "parking").exit_code == 0
    assert ask(settings, "FROM comments.topic_proposals") == []
    accepted = said("topics", "accept", "parking", *names, "--meaning", "Cars.", "--word", "park*")
    assert accepted.exit_code == 0
    assert ask(settings, "SELECT name_pt FROM comments.topics WHERE topic = 'parking'") == [
        ("Estacionamento",)
    ]
    [(counted,)] = ask(
        settings, "SELECT sum(comments) FROM comments.topic_daily WHERE topic = 'parking'"
    )
    assert counted
