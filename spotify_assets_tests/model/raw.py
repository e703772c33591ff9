"""catalog.md, "Raw files": what the lake holds, before any rule."""

import datetime as dt
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import zstandard

MAX_DEPTH = 200
MAX_DIGITS = 400
HALF_A_PAIR = re.compile("[\ud800-\udfff]")
UNREADABLE = object()
"""The body of a response that is not JSON."""


@dataclass(frozen=True)
class Response:
    """A line of a raw file."""

    line: int
    endpoint: str
    params: dict[str, Any]
    status: int
    body: Any


@dataclass(frozen=True)
class Collection:
    """What is read of a genre-day."""

    genre: str
    date: dt.date
    source_file: str
    source: str
    market: str
    artists_wanted: int
    tracks_wanted: int
    responses: list[Response]


def collections(lake: Path) -> list[Collection]:
    """Of each genre-day the finished collection with the highest number."""
    folders = (lake / "raw" / "catalog").glob("genre=*/date=*")
    return [found for folder in sorted(folders) if (found := _collection(lake, folder))]


def _collection(lake: Path, folder: Path) -> Collection | None:
    sidecars = sorted(folder.glob("[0-9][0-9][0-9][0-9].json"))
    if not sidecars:
        return None
    terms = json.loads(sidecars[-1].read_text(encoding="utf-8"))["terms"]
    sealed = sidecars[-1].with_suffix(".jsonl.zst")
    return Collection(
        genre=unquote(folder.parent.name.removeprefix("genre=")),
        date=dt.date.fromisoformat(folder.name.removeprefix("date=")),
        source_file=sealed.relative_to(lake).as_posix(),
        source=terms["source"],
        market=terms["market"],
        artists_wanted=terms["artists"],
        tracks_wanted=terms["tracks"],
        responses=list(responses(sealed)),
    )


def responses(sealed: Path) -> Iterator[Response]:
    """The lines of a compressed file."""
    with sealed.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        text = stream.read().decode()
    # Not `splitlines`, which also ends a line at characters that stand in names.
    for line in text.split("\n")[:-1]:
        record = read_json(line)
        yield Response(
            record["seq"], record["endpoint"], record["params"], record["status"], _body(record)
        )


def _body(record: dict[str, Any]) -> Any:
    """The body under the name of the endpoint, or in `text`, where it may still be JSON."""
    if record["endpoint"] in record:
        return record[record["endpoint"]]
    try:
        return read_json(record["text"].removeprefix("\ufeff"))
    except (KeyError, ValueError, RecursionError):
        return UNREADABLE


def read_json(text: str) -> Any:
    """catalog.md, "Objects, and where they stand": what is JSON, and how it is read."""
    value = json.loads(text, parse_constant=_refuse, parse_float=_number, parse_int=_number)
    return _whole_characters(value, MAX_DEPTH)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _number(text: str) -> Any:
    """A number that no 64-bit float holds reads as its text."""
    if len(text) > MAX_DIGITS or math.isinf(float(text)):
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _whole_characters(value: Any, deeper: int) -> Any:
    """Half a surrogate pair reads as U+FFFD; nested deeper than that is no JSON."""
    if isinstance(value, str):
        return HALF_A_PAIR.sub("\ufffd", value)
    if isinstance(value, dict | list) and not deeper:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        return {
            _whole_characters(name, deeper): _whole_characters(one, deeper - 1)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_whole_characters(one, deeper - 1) for one in value]
    return value
