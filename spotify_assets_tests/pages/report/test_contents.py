"""What of the warehouse leaves it, and that its numbers are those of a count by hand."""

import datetime as dt
import json
import re
from pathlib import Path

import duckdb
import pytest

from spotify_assets.pages.reading import asking
from spotify_assets.pages.report.contents import ASKED, SQL, NoReport, read
from spotify_assets.pages.report.parts import COLUMNS, PARTS, parts_of
from spotify_assets_tests.pages.report.conftest import LAST, SECRETS, category, day

MAY_APPEAR = {
    "since", "until", "date", "week", "month", "days", "rank",
    "comments", "comments_before", "labelled", "with_topic",
    "category", "topic", "name_en", "name_pt",
    "streams", "streams_before", "release_days", "release_days_wanted", "release_days_before",
    "release_days_wanted_before", "title", "artist", "released_on", "days_known",
    "days_known_before",
    "plays", "plays_before", "hours", "hours_before", "days_complete", "days_complete_before",
    "name",
}  # fmt: skip
"""Columns that everybody may see. Whoever adds one says here why nobody is in it: numbers, days,
categories and topics of the vocabulary; titles and artists of the label; artists of one's own
listening."""
MAY_BE_ASKED = {
    "comments.category_daily", "comments.categories", "comments.topic_daily", "comments.topics",
    "comments.comments", "comments.current_label",
    "star.fact_streams_daily", "star.dim_release", "star.dim_artist_profile",
    "star.play_coverage", "listening.by_day", "listening.ranking",
}  # fmt: skip


def test_no_column_appears_that_is_not_on_the_list() -> None:
    named = {c for tables in COLUMNS.values() for columns in tables.values() for c in columns}
    assert named == MAY_APPEAR


def test_nothing_is_asked_of_the_catalog_or_of_persons() -> None:
    """Rankings of the catalog stay private by Spotify's terms."""
    asked = {t for sql in SQL.values() for t in re.findall(r"(?:FROM|JOIN)\s+(\w+\.\w+)", sql)}
    assert asked == MAY_BE_ASKED
    sql = " ".join(re.sub(r"--.*", "", one) for one in SQL.values())
    assert not re.search(r"\b(text|author|curator|source_id|text_id|batch_id|\*(?=\s*FROM))\b", sql)


def test_the_data_has_the_columns_and_no_other(filled: Path) -> None:
    said = json.loads(read(filled, PARTS).as_json())["parts"]
    assert {
        part: {name: set(rows[0]) for name, rows in tables.items()} for part, tables in said.items()
    } == {part: {n: set(c) for n, c in tables.items()} for part, tables in COLUMNS.items()}
    assert {p: set(tables) for p, tables in ASKED.items()} == {
        p: set(t) for p, t in COLUMNS.items()
    }


def test_nobody_is_in_the_data(filled: Path) -> None:
    text = read(filled, PARTS).as_json()
    assert not [one for one in SECRETS if one in text]


def test_comments_are_those_of_28_days(filled: Path) -> None:
    [part] = read(filled, ["comments"]).parts
    kinds = [category(ago) for ago in range(28)]
    assert part.totals == {
        "since": day(27),
        "until": LAST,
        "comments": 28,
        "comments_before": 28,
        "labelled": sum(kind != "unsure" for kind in kinds),
    }
    by_day = {
        (date, code): n
        for date, code, n in part.tables["by_day"].select("date", "category", "comments").rows()
    }
    assert by_day == {(day(ago), kind): 1 for ago, kind in enumerate(kinds)}


def test_topics_are_those_of_the_vocabulary(filled: Path) -> None:
    [part] = read(filled, ["topics"]).parts
    assert part.totals == {"since": day(27), "until": LAST, "comments": 28, "with_topic": 14}
    assert part.tables["top"].rows() == [("lyrics", "Lyrics", "Letra", 14)]


def test_streams_are_those_of_7_days_and_a_day_that_is_not_known_is_said(filled: Path) -> None:
    [part] = read(filled, ["releases"]).parts

    def streams(number: int, days: range) -> int:
        return sum(100 * number + ago for ago in days if (number, ago) != (2, 3))

    week, before = range(7), range(7, 14)
    assert part.totals == {
        "since": day(6),
        "until": LAST,
        "streams": sum(streams(n, week) for n in (1, 2, 3)),
        "streams_before": sum(streams(n, before) for n in (1, 2, 3)),
        "release_days": 20,
        "release_days_wanted": 21,
        "release_days_before": 21,
        "release_days_wanted_before": 21,
    }
    top = part.tables["top"].select("streams", "streams_before", "days_known", "days_known_before")
    assert top.rows() == [
        (streams(3, week), streams(3, before), 7, 7),
        (streams(2, week), streams(2, before), 6, 7),
        (streams(1, week), streams(1, before), 7, 7),
    ]
    weeks = part.tables["weeks"].rows()
    # Of the fifth week back there are two days.
    assert [row[2:] for row in weeks] == [(6, 6), (21, 21), (21, 21), (21, 21), (20, 21)]
    first = sum(100 * n + ago for n in (1, 2, 3) for ago in (28, 29))
    assert weeks[0][:2] == (day(34), first)


def test_listening_counts_what_counts(filled: Path) -> None:
    [part] = read(filled, ["listening"]).parts
    assert part.totals == {
        "since": day(27),
        "until": LAST,
        "plays": 56,
        "hours": round(28 * 540 / 3600, 1),
        "plays_before": 56,
        "hours_before": round(28 * 540 / 3600, 1),
        "days_complete": 27,
        "days_complete_before": 28,
        "days": 28,
    }
    assert part.tables["artists"].rows() == [
        (1, "<img src=x onerror=alert(1)>", 2.8, 28),
        (2, "Bia", 1.4, 28),
    ]
    months = {row[0]: row[1:] for row in part.tables["months"].rows()}
    november = [ago for ago in range(60) if day(ago).month == 11]
    assert months[dt.date(2026, 11, 1)] == (
        2 * len(november), round(len(november) * 540 / 3600, 1), len(november) - 1, 30,
    )  # fmt: skip
    assert len(months) == 13


@pytest.mark.parametrize("part", PARTS)
def test_of_an_empty_warehouse_there_is_nothing_to_show(empty: Path, part: str) -> None:
    [made] = read(empty, [part]).parts
    assert made.totals is None
    # Not because a question cannot be asked.
    assert set(made.tables) == set(COLUMNS[part])


def test_of_a_warehouse_of_an_earlier_version_what_it_lacks_is_empty(tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "spotify.duckdb").close()
    assert [part.totals for part in read(tmp_path / "spotify.duckdb", PARTS).parts] == [None] * 4


def test_a_warehouse_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NoReport, match="No warehouse is published yet"):
        read(tmp_path / "spotify.duckdb", PARTS)


def test_a_report_is_of_one_published_state(tmp_path: Path) -> None:
    database = tmp_path / "spotify.duckdb"
    for number in (1, 2):
        with duckdb.connect(tmp_path / f"{number}.duckdb") as connection:
            connection.execute(f"CREATE TABLE x AS SELECT {number} AS n")
    (tmp_path / "1.duckdb").rename(database)
    with asking(database) as ask:
        assert ask("FROM x").item() == 1
        (tmp_path / "2.duckdb").rename(database)
        assert ask("FROM x").item() == 1


def test_a_setting_names_parts_and_no_others() -> None:
    assert parts_of("") == ()
    assert parts_of(" topics, comments,topics") == ("comments", "topics")
    with pytest.raises(ValueError, match="no part 'rankings': write some of comments,topics"):
        parts_of("comments,rankings")
