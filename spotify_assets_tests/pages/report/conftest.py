"""A warehouse with a little of everything, of which every number can be counted by hand."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from spotify_assets.lake import Lake
from spotify_assets.warehouse.publication.publish import publish

LAST = dt.date(2026, 11, 26)
SECRETS = ("what somebody wrote", "@somebody", "carla the curator", "https://video.example/9")
"""A text, an author, a curator, an id: of persons."""
TITLES = {"r1": "Falésia", "r2": "<script>alert(1)</script>", "r3": "**b** '); DROP TABLE x; --"}


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that was published of an empty lake."""
    folder = tmp_path_factory.mktemp("empty")
    publish(Lake(folder / "lake"), folder / "spotify.duckdb", {})
    return folder / "spotify.duckdb"


@pytest.fixture(scope="session")
def filled(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with rows."""
    database = tmp_path_factory.mktemp("filled") / "spotify.duckdb"
    shutil.copy(empty, database)
    with duckdb.connect(database) as connection:
        for table, rows in ROWS.items():
            for row in rows():
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                connection.execute(
                    f"INSERT INTO {table} ({names}) VALUES ({marks})",
                    list(row.values()),
                )
    return database


def day(ago: int) -> dt.date:
    return LAST - dt.timedelta(days=ago)


def comments() -> Iterator[dict[str, object]]:
    text, author, _, source_id = SECRETS
    for ago in range(60):
        yield {
            "comment_id": f"c{ago}", "text_id": f"t{ago}", "date": day(ago), "text": text,
            "author": author, "source_id": source_id, "source": "video", "language": "en",
            "release_id": "r1" if ago % 2 else "r2",
        }  # fmt: skip


def labels() -> Iterator[dict[str, object]]:
    for ago in range(60):
        topics = ["lyrics"] if ago % 2 else []
        yield {
            "comment_id": f"c{ago}", "category": category(ago), "topics": topics,
            "decided_by": "person" if is_decided(ago) else "labeller", "curator": SECRETS[2],
        }  # fmt: skip


def is_decided(ago: int) -> bool:
    return ago < 30


def category(ago: int) -> str:
    return ("praise", "criticism", "unsure")[ago % 3]


def category_daily() -> Iterator[dict[str, object]]:
    for ago in range(60):
        yield {
            "date": day(ago), "category": category(ago), "language": "en", "comments": 1,
            "decided": 1,
        }  # fmt: skip


def categories() -> Iterator[dict[str, object]]:
    for code, name in (("praise", "elogio"), ("criticism", "crítica"), ("unsure", "incerto")):
        yield {"category": code, "name_en": code, "name_pt": name, "name_es": name}


def topic_daily() -> Iterator[dict[str, object]]:
    for ago in range(1, 60, 2):
        yield {"date": day(ago), "topic": "lyrics", "category": category(ago), "comments": 1}


def topics() -> Iterator[dict[str, object]]:
    yield {
        "topic": "lyrics", "name_en": "Lyrics", "name_pt": "Letra", "name_es": "Letra",
        "meaning": "words", "comments": 30,
    }  # fmt: skip


def streams() -> Iterator[dict[str, object]]:
    for ago in range(30):
        # Of the second a day of the last week is not known.
        for number, release in enumerate(TITLES, 1):
            if (release, ago) != ("r2", 3):
                yield {"release_id": release, "date": day(ago), "streams": 100 * number + ago}


def releases() -> Iterator[dict[str, object]]:
    for release, title in TITLES.items():
        yield {"release_id": release, "artist_id": "a", "title": title, "released_on": day(200)}


def artists() -> Iterator[dict[str, object]]:
    yield {"artist_id": "a", "name": "Os Vidros & Co"}


def coverage() -> Iterator[dict[str, object]]:
    for ago in range(60):
        yield {"date": day(ago), "coverage": "partial" if ago == 0 else "complete", "plays": 2}


def items() -> Iterator[dict[str, object]]:
    for key, artist in ((1, "Bia"), (2, "<img src=x onerror=alert(1)>")):
        yield {
            "item_key": key, "item": f"i{key}", "kind": "music", "recording": f"i{key}",
            "name": f"Faixa {key}", "artist_name": artist,
        }  # fmt: skip


def plays() -> Iterator[dict[str, object]]:
    for ago in range(60):
        for key, seconds in ((1, 180), (2, 360), (1, 10)):
            noon = dt.datetime.combine(day(ago), dt.time(12, key, seconds % 60))
            yield {
                "ended_at": noon, "item_key": key, "kind": "music", "ms_played": 1000 * seconds,
                "ms_heard": 1000 * seconds, "is_skipped": False, "is_incognito": False,
                "session": ago, "first_at": noon, "is_first_play": False,
            }  # fmt: skip


ROWS = {
    "comments.comments": comments,
    "comments.current_label": labels,
    "comments.category_daily": category_daily,
    "comments.categories": categories,
    "comments.topic_daily": topic_daily,
    "comments.topics": topics,
    "star.fact_streams_daily": streams,
    "star.dim_release": releases,
    "star.dim_artist_profile": artists,
    "star.play_coverage": coverage,
    "star.dim_item": items,
    "star.fact_play": plays,
}
