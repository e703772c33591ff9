"""What is said of each kind: the key is stable, and the commands are those that there are."""

import datetime as dt
import shlex
from pathlib import Path
from typing import get_args

import duckdb
import pytest

from spotify_assets import cli
from spotify_assets.operations.alerts import Incident, Kind
from spotify_assets.operations.alerts.causes import (
    catalog,
    comments,
    listening,
    monitoring,
    releases,
)
from spotify_assets_tests.operations.alerts.samples import NOON

PARTITION = "2026-11-20|children's music"
LATER = NOON + dt.timedelta(hours=9)
ALL = {
    "run_failure/catalog/2026-11-20|children's music": monitoring.run_failure(
        "catalog", PARTITION, "Spotify gave no usable answer.", NOON
    ),
    "check_failure/star.dim_artist.integrity/2026-11-20|children's music": monitoring.check_failure(
        "integrity", "star.dim_artist", PARTITION, "3 keys are there twice.", NOON
    ),
    "check_failure/star.dim_artist.integrity": monitoring.check_failure(
        "integrity", "star.dim_artist", None, "3 keys are there twice.", NOON
    ),
    "late/processed/tracks": monitoring.late_data("processed.tracks", NOON, LATER),
    "late/publish/database": monitoring.late_data(
        "publish.database", None, LATER, remedy=monitoring.PUBLISH_TO
    ),
    "quota/search": catalog.quota_block("search", NOON, LATER),
    "token/30": listening.token_ends(LATER, 30, NOON),
    "rows_drop/children's music": catalog.rows_drop(
        "children's music", NOON.date(), 12, 1_234.5, NOON
    ),
    "streams_drop/o'clock": releases.streams_drop(
        "o'clock", "Ten O'Clock", NOON.date(), 40, [("the day before", 1_000)]
    ),
    "invalid_rows/00000000000000f1": releases.invalid_rows(
        "00000000000000f1", "Ten O'Clock-timeline.csv", 100, 6, NOON
    ),
    "late_file/songs": releases.late_file("songs", [("1x7-songs-28day.csv", NOON)], LATER),
    "model_withdrawn/00000000000000f1": releases.model_withdrawn(
        "00000000000000f1", NOON.date(), 1_200.4, 900.0
    ),
    "comments_drift/unsure": comments.comments_drift("unsure", NOON.date(), 0.3, 0.1, 120),
    "comments_drift/tickets": comments.comments_drift("topic tickets", NOON.date(), 0.3, 0.1, 120),
    "damaged_file/lake/raw/0001.jsonl.zst": monitoring.damaged_file(
        Path("lake/raw/0001.jsonl.zst"), "It is shorter than it was.", NOON, PARTITION
    ),
    "damaged_file/lake/star/rows.parquet": monitoring.damaged_file(
        Path("lake/star/rows.parquet"), "It is shorter than it was.", NOON, PARTITION
    ),
}


def commands(incident: Incident) -> list[list[str]]:
    lines = [line.strip() for line in incident.body.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("spotify-assets ")]


@pytest.mark.parametrize("key", ALL)
def test_a_cause_has_a_stable_key_and_a_command(key: str) -> None:
    assert ALL[key].key == key
    assert commands(ALL[key])


def test_every_kind_has_its_cause() -> None:
    assert {incident.kind for incident in ALL.values()} == set(get_args(Kind))


@pytest.mark.parametrize("key", ALL)
def test_a_command_of_a_cause_is_one_that_the_command_line_takes(key: str) -> None:
    for _, name, *arguments in commands(ALL[key]):
        assert cli.load(name).make_context(name, arguments).info_name == name


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("check_failure/star.dim_artist.integrity/2026-11-20|children's music", {"its own"}),
        ("check_failure/star.dim_artist.integrity", {"its own", "another's"}),
        ("rows_drop/children's music", {"its own"}),
    ],
)
def test_the_query_of_a_cause_finds_the_rows_that_it_is_about(key: str, found: set[str]) -> None:
    sql, *_ = [words[2] for words in commands(ALL[key]) if words[1] == "query"]
    with duckdb.connect() as connection:
        connection.execute("""
            CREATE SCHEMA processed; CREATE SCHEMA quarantine;
            CREATE TABLE processed.reconciliation
                (genre TEXT, date DATE, table_name TEXT, received INT, kept INT, quarantined INT);
            CREATE TABLE quarantine.rows (genre TEXT, date DATE, table_name TEXT);
            INSERT INTO quarantine.rows VALUES
                ('children''s music', '2026-11-20', 'its own'),
                ('rock', '2026-11-20', 'another''s');
            INSERT INTO processed.reconciliation BY NAME
                SELECT *, 1 AS received, 1 AS kept, 0 AS quarantined FROM quarantine.rows;
        """)
        names = connection.sql(sql).project("table_name").fetchall()

    assert {name for (name,) in names} == found


def test_only_responses_need_a_backup() -> None:
    assert "backup" in ALL["damaged_file/lake/raw/0001.jsonl.zst"].body
    assert "backup" not in ALL["damaged_file/lake/star/rows.parquet"].body


def test_for_a_range_no_command_is_made_of_what_is_no_genre() -> None:
    failed = monitoring.run_failure(
        "catalog", "2026-11-20|rock...2026-11-22|rock", "It broke.", NOON
    )
    assert commands(failed) == []


def test_a_sign_in_that_ends_within_a_week_is_an_error() -> None:
    assert listening.token_ends(LATER, 30, NOON).severity == "warning"
    assert listening.token_ends(LATER, 7, NOON).severity == "error"
    assert listening.token_ends(NOON, 0, NOON).title == "The sign-in to Spotify has ended"
