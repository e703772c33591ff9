"""Comments of invented listeners, in three languages and known proportions.

Belongs here: what they write and what it is. Does not belong here: the texts that a labeller is
trained with or measured on: they are people's, and lie with it.
"""

import csv
import datetime as dt
import io
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from spotify_assets.sandbox.label import ARTISTS, TITLES

LANGUAGES = {"pt": 50, "en": 30, "es": 20}
CATEGORIES = {"praise": 42, "criticism": 20, "question": 14, "suggestion": 12, "spam": 12}
"""Of a hundred comments so many; each category has its share of every language."""
AGAIN = 100
"""Of so many rows of a file one is there twice, as where exports overlap."""
DAYS = 90
FILES = {"youtube.csv": 50, "app.ndjson": 30, "site.json": 20}
"""By their names the files, and of a hundred comments so many of each."""


@dataclass(frozen=True)
class Comment:
    """What a listener wrote."""

    number: int
    text: str
    language: str
    category: str
    author: str
    at: dt.datetime
    """UTC."""
    release: str


def comments(seed: int, until: dt.date, size: int) -> list[Comment]:
    """Comments of the 90 days up to a day, no text twice, in order of their time.

    Args:
        seed: Which listeners.
        until: The last day.
        size: How many; the proportions are met to the comment.
    """
    draw = random.Random(f"{seed}:comments")  # noqa: S311 - invented
    kinds = [pair for pair, count in _quotas(size).items() for _ in range(count)]
    draw.shuffle(kinds)
    seconds = sorted(draw.randrange(DAYS * 86_400) for _ in kinds)
    end = dt.datetime.combine(until, dt.time(), dt.UTC) + dt.timedelta(days=1)
    begin = end - dt.timedelta(days=DAYS)
    seen: set[str] = set()
    made = []
    for number, ((language, category), second) in enumerate(zip(kinds, seconds, strict=True), 1):
        title = draw.choice(TITLES)
        text = _text(draw, language, category, title, seen)
        author = f"{draw.choice(HANDLES)}{draw.randrange(1, size // 2 + 2)}"
        at = begin + dt.timedelta(seconds=second)
        made.append(Comment(number, text, language, category, author, at, title))
    return made


HANDLES = (
    "ana",
    "joao",
    "lee",
    "mar",
    "xisto",
    "nina",
    "zeca",
    "ruby",
    "sol",
    "tom",
    "vera",
    "kim",
)


def _quotas(size: int) -> dict[tuple[str, str], int]:
    """How many of each language and category; what is left of a hundredth goes to the largest."""
    shares = {(one, two): a * b for one, a in LANGUAGES.items() for two, b in CATEGORIES.items()}
    counts = {pair: size * share // 10_000 for pair, share in shares.items()}
    left = sorted(shares, key=lambda pair: -(size * shares[pair] % 10_000))
    for pair in left[: size - sum(counts.values())]:
        counts[pair] += 1
    return counts


@cache
def _parts() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("comment_parts.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _text(draw: random.Random, language: str, category: str, title: str, seen: set[str]) -> str:
    parts = _parts()[language]
    while True:
        core = draw.choice(parts["before"]) + draw.choice(parts[category])
        whole: str = core + draw.choice(parts["after"])
        text = whole.format(
            song=title,
            artist=draw.choice(list(ARTISTS.values())),
            city=draw.choice(parts["cities"]),
            n=draw.randrange(10, 60),
        )
        if text not in seen:
            seen.add(text)
            return text


def files(seed: int, made: Sequence[Comment]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file; some rows are there twice, and two are none.

    Args:
        seed: Which listeners.
        made: What they wrote.
    """
    draw = random.Random(f"{seed}:files")  # noqa: S311 - invented
    names = [name for name, share in FILES.items() for _ in range(share)]
    by_file: dict[str, list[Comment]] = {name: [] for name in FILES}
    for one in made:
        by_file[draw.choice(names)].append(one)
    for name, rows in by_file.items():
        again = [row for row in rows if draw.randrange(AGAIN) == 0]
        yield name, WRITERS[name]([*rows, *again])


def _csv(rows: Sequence[Comment]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["id", "author", "comment", "published_at", "like_count", "song"])
    for one in rows:
        at = one.at.isoformat().replace("+00:00", "Z")
        writer.writerow(
            [f"yt{one.number}", f"@{one.author}", one.text, at, one.number % 7, one.release]
        )
    # As where an export was cut, or somebody wrote nothing.
    writer.writerow(["yt0", "@nobody", "", "", 0, ""])
    text.write("broken,row\r\n")
    return text.getvalue().encode()


def _ndjson(rows: Sequence[Comment]) -> bytes:
    lines = [
        json.dumps(
            {
                "id": one.number,
                "user": {"name": one.author},
                "text": one.text,
                "timestamp": round(one.at.timestamp() * 1000),
                "lang": one.language,
                "track": one.release,
            },
            ensure_ascii=False,
        )
        for one in rows
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _json(rows: Sequence[Comment]) -> bytes:
    told = [
        {"id": f"s-{o.number}", "name": o.author, "message": o.text, "date": o.at.isoformat()}
        for o in rows
    ]
    return json.dumps({"source": "site", "comments": told}, ensure_ascii=False, indent=1).encode()


WRITERS = {"youtube.csv": _csv, "app.ndjson": _ndjson, "site.json": _json}
