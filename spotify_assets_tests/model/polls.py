"""listening.md, "How a poll is read" and "How much is known of a day", where polls alone tell."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
DAY = dt.timedelta(days=1)
OK = 200


@dataclass(frozen=True)
class Answer:
    """A line of a day's raw polls."""

    line: int
    asked_at: dt.datetime
    """In UTC, without a zone."""
    limit: int
    status: int
    body: Any

    @property
    def items(self) -> list[Any] | None:
        """What it shows, where it is a poll."""
        items = self.body.get("items") if isinstance(self.body, dict) else None
        return items if self.status == OK and isinstance(items, list) else None


def played_at(item: Any) -> dt.datetime | None:
    """The time of an item, in UTC, without a zone."""
    text = item.get("played_at") if isinstance(item, dict) else None
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC).replace(tzinfo=None) if text else None


def reason(item: Any) -> str | None:
    """Why an item is no play."""
    if item is None:
        return "the item is null"
    if item.get("track") is None:
        return "there is no track"
    track = item["track"]
    if track.get("id") is None and track.get("is_local"):
        return "it is a local file, which has no id"
    values = {
        "played_at": item.get("played_at"),
        "track_id": track.get("id"),
        "name": track.get("name"),
    }
    missing = [f"{name} is missing" for name, value in values.items() if value is None]
    return "; ".join(missing) or None


def tables_of_day(
    date: dt.date, source_file: str, answers: Iterable[Answer]
) -> dict[str, list[Row]]:
    """`processed.plays`, `processed.polls` and `quarantine.plays` of a day."""
    plays: dict[tuple[Any, ...], Row] = {}
    polls: list[Row] = []
    aside: list[Row] = []
    seen: set[str] = set()
    for answer in answers:
        if answer.status != OK:
            continue
        source = {"source_file": source_file, "source_line": answer.line}
        if answer.items is None:
            aside.append(
                _aside(source_file, f"{answer.line}/", "the response holds no list of plays")
            )
            continue
        for place, item in enumerate(answer.items):
            why = reason(item)
            if why is None:
                row = _play(item) | {"date": date, "reported_at": answer.asked_at, **source}
                row["source_item"] = place + 1
                plays.setdefault((row["played_at"], row["track_id"]), row)
            elif item is None or (said := json.dumps(item, sort_keys=True)) not in seen:
                seen |= set() if item is None else {said}
                aside.append(_aside(source_file, f"{answer.line}/items/{place}", why))
        times = [at for item in answer.items if (at := played_at(item))]
        polls.append(
            {
                "date": date,
                "polled_at": answer.asked_at,
                "items": len(answer.items),
                "is_full": len(answer.items) >= answer.limit,
                "oldest_at": min(times, default=None),
                "newest_at": max(times, default=None),
                **source,
            }
        )
    return {
        "processed.plays": [*plays.values()],
        "processed.polls": polls,
        "quarantine.plays": aside,
    }


def _aside(source_file: str, pointer: str, why: str) -> Row:
    return {
        "source": "api",
        "source_file": source_file,
        "source_pointer": pointer,
        "reason": why,
    }


def _play(item: Row) -> Row:
    track = item["track"]
    artist, album = (track.get("artists") or [{}])[0], track.get("album") or {}
    return {
        "played_at": played_at(item),
        "track_id": track["id"],
        "name": track["name"],
        "artist_id": artist.get("id"),
        "artist_name": artist.get("name"),
        "album_id": album.get("id"),
        "album_name": album.get("name"),
        "duration_ms": track.get("duration_ms"),
        "isrc": (track.get("external_ids") or {}).get("isrc"),
        "context_uri": (item.get("context") or {}).get("uri"),
    }


def play_gaps(polls: Sequence[Row]) -> list[Row]:
    """From the newest play known before to the oldest that a poll shows that could show no more."""
    found = []
    newest: dt.datetime | None = None
    first: dt.datetime | None = None
    for poll in sorted(polls, key=lambda poll: poll["polled_at"]):
        known, oldest, at = newest or first, poll["oldest_at"], poll["polled_at"]
        if known and poll["is_full"] and oldest and oldest > known:
            found.append({"from_at": known, "to_at": oldest, "found_at": at, "is_closed": False})
        newest = max((one for one in (newest, poll["newest_at"]) if one), default=None)
        first = first or at
    return found


def play_coverage(polls: Sequence[Row], plays: Iterable[Row]) -> list[Row]:
    """The word of each day, from the first to the last of which anything is known."""
    polls = sorted(polls, key=lambda poll: poll["polled_at"])
    number = Counter(at.date() for at, _ in {(row["played_at"], row["track_id"]) for row in plays})
    gaps = [(gap["from_at"], gap["to_at"]) for gap in play_gaps(polls)]
    starts = [polls[0]["oldest_at"] or polls[0]["polled_at"], *(to for _, to in gaps)]
    last = polls[-1]["polled_at"]
    windows = list(zip(starts, [*(start for start, _ in gaps), last], strict=True))
    days = [*number, last.date(), starts[0].date()]
    rows = []
    date = min(days)
    while date <= max(days):
        begin = dt.datetime.combine(date, dt.time())
        end = min(begin + DAY, last)
        if begin < last and any(start <= begin and end <= past for start, past in windows):
            word = "polled"
        elif number[date] or any(a < begin + DAY and b > begin for a, b in [*windows, *gaps]):
            word = "partial"
        else:
            word = "unknown"
        rows.append({"date": date, "coverage": word, "plays": number[date]})
        date += DAY
    return rows
