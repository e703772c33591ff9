"""The comments, recomputed from raw batches and decisions by the rules of docs/comments.md."""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import zstandard

Row = dict[str, Any]
TEXTS = ("text", "source", "id", "language", "release")
MAX_CHARACTERS, MAX_NAME = 100_000, 500
THREE_LETTERS = {"eng": "en", "por": "pt", "spa": "es"}


def batches(lake: Path) -> list[tuple[Row, list[Row]]]:
    """Head and lines of each batch, in the order in which they were received."""
    found = []
    for path in lake.glob("raw/comments/date=*/batch=*.jsonl.zst"):
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as lines:
            head, *rows = [json.loads(line) for line in lines.read().split(b"\n")[:-1]]
        found.append((head, rows))
    return sorted(found, key=lambda one: (one[0]["received_at"], one[0]["batch_id"]))


def decisions(lake: Path) -> list[Row]:
    """What persons decided, in the order in which they did."""
    found = []
    for path in lake.glob("raw/comment_decisions/date=*/*.jsonl"):
        found += [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    return sorted(found, key=lambda one: str(one["decision_id"]))


def comments(lake: Path) -> dict[str, Row]:
    """By their ids the comments, with the columns that the rules give."""
    made: dict[str, Row] = {}
    for head, row, comment in _read(lake):
        if comment is None:
            continue
        before = made.get(comment["comment_id"])
        first = before["first_received_at"] if before else head["received_at"]
        if before and before["content"] == comment["content"]:
            continue
        day = comment["commented_at"] or _moment(first, None)
        made[comment["comment_id"]] = {
            **comment,
            "date": day.date(),
            "first_received_at": first,
            "batch_id": head["batch_id"],
            "batch_row": row["row"],
        }
    return made


def accounts(lake: Path) -> dict[str, tuple[int, int, int, int]]:
    """Of each batch: received, kept, duplicate, quarantined."""
    last: dict[str, Any] = {}
    counted: dict[str, list[int]] = {head["batch_id"]: [0, 0, 0, 0] for head, _ in batches(lake)}
    for head, _, comment in _read(lake):
        account = counted[head["batch_id"]]
        account[0] += 1
        if comment is None:
            account[3] += 1
        else:
            is_duplicate = last.get(comment["comment_id"]) == comment["content"]
            account[2 if is_duplicate else 1] += 1
            last[comment["comment_id"]] = comment["content"]
    return {batch_id: (a, b, c, d) for batch_id, (a, b, c, d) in counted.items()}


def decided(lake: Path) -> dict[str, tuple[str, str, bool]]:
    """Of comments the category that counts by persons, who said so, and whether they differ."""
    there = comments(lake)
    of_persons: dict[str, dict[str, Row]] = defaultdict(dict)
    for one in decisions(lake):
        comment = there.get(one["comment_id"])
        if comment and comment["text_id"] == one["text_id"]:
            persons = of_persons[one["comment_id"]]
            # The last of each; the last of all comes last.
            persons.pop(one["curator"], None)
            persons[one["curator"]] = one
    said = {}
    for comment_id, persons in of_persons.items():
        *_, last = persons.values()
        kinds = {(one["category"], tuple(one["topics"])) for one in persons.values()}
        said[comment_id] = (last["category"], last["curator"], len(kinds) > 1)
    return said


def _read(lake: Path) -> Iterable[tuple[Row, Row, Row | None]]:
    """Head, line and comment of each row; no comment where it is set aside."""
    for head, rows in batches(lake):
        for row in rows:
            yield head, row, _comment(head, row)


def _comment(head: Mapping[str, Any], row: Mapping[str, Any]) -> Row | None:
    told = {name: row.get(name) for name in TEXTS}
    # An id, a release or a source may be a number.
    told = {
        name: str(one) if name != "text" and type(one) in (int, float) else one
        for name, one in told.items()
    }
    longest = {name: MAX_CHARACTERS if name == "text" else MAX_NAME for name in TEXTS}
    for name, one in told.items():
        if one is not None and not (isinstance(one, str) and len(one) <= longest[name]):
            return None
        if isinstance(one, str) and any("\ud800" <= letter <= "\udfff" for letter in one):
            return None
    text, language = told["text"], told["language"]
    received = _moment(head["received_at"], None)
    try:
        at = _moment(row.get("created_at"), None)
        language = _language(language)
    except ValueError:
        return None
    if "reason" in row or not text or not text.strip():
        return None
    if at and not (at.year >= 1990 and at <= received + dt.timedelta(days=1)):
        return None
    source, author = told["source"] or head["source"], row.get("author")
    parts = ["id", source, told["id"]]
    if not told["id"]:
        parts = [source, author or "", at.isoformat() if at else "", text]
    text_id = hashlib.sha256(text.encode()).hexdigest()[:32]
    return {
        "comment_id": hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24],
        "text": text,
        "text_id": text_id,
        "source": source,
        "commented_at": at,
        "content": (text_id, author, language, at, told["release"]),
    }


def _language(said: str | None) -> str | None:
    if said is None or not said.strip():
        return None
    letters = said.strip().replace("_", "-").split("-")[0].lower()
    if len(letters) not in (2, 3) or not (letters.isascii() and letters.isalpha()):
        raise ValueError(said)
    return THREE_LETTERS.get(letters, letters)


def _moment(said: Any, default: dt.datetime | None) -> Any:
    if said is None:
        return default
    if isinstance(said, list):
        raise ValueError(said)
    try:
        seconds = float(said)
    except ValueError:
        found = dt.datetime.fromisoformat(said.strip())
        return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo else found
    seconds = seconds / 1000 if abs(seconds) >= 1e11 else seconds
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
    except (OverflowError, OSError) as error:
        raise ValueError(said) from error
