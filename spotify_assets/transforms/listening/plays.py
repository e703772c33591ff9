"""Answers to polls → plays, polls and what cannot be read; what the polls together cannot know.

Belongs here: what an answer says, item by item, and gaps between polls. Does not belong here:
asking, where answers lie, and how plays of several sources become one (the star).
"""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from spotify_assets.schemas.contract import ID_PATTERN, Contract
from spotify_assets.schemas.listening import Plays, Polls, QuarantinedPlays

OK = 200
DEFAULT_LIMIT = 20
"""Plays that the API shows where nothing is said."""
LARGEST_INTEGER = 2**63 - 1
EXACT_FLOAT = 2**53
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC, as all times of the tables
Row = dict[str, Any]


class Request(Protocol):
    """What was asked."""

    @property
    def params(self) -> Mapping[str, str | int]:
        """By name."""


class Response(Protocol):
    """What was answered."""

    @property
    def status(self) -> int:
        """Of HTTP."""

    @property
    def requested_at(self) -> dt.datetime:
        """With its time zone."""

    def json(self) -> Any:
        """The body; ``None`` where it is not JSON."""


class Exchange(Protocol):
    """A line of the raw polls, as the lake gives it."""

    @property
    def line(self) -> int:
        """From 1."""

    @property
    def request(self) -> Request:
        """What was asked."""

    @property
    def response(self) -> Response:
        """What was answered."""


def process(
    date: dt.date, source_file: str, exchanges: Iterable[Exchange]
) -> dict[str, pl.DataFrame]:
    """The rows of `Plays`, `Polls` and `QuarantinedPlays` of a day of polls, by ``layer.table``.

    A play, or an item that cannot be read, that several polls of the day show is taken from the
    first of them. Refused requests are no polls.

    Args:
        date: The day (UTC) of the polls.
        source_file: The raw file, relative to the lake.
        exchanges: All lines of it, in order.
    """
    day = _Day(date, source_file)
    for exchange in exchanges:
        if exchange.response.status == OK:
            day.take(exchange)
    return {
        Plays.table(): _table(Plays, day.plays.values()),
        Polls.table(): _table(Polls, day.polls.values()),
        QuarantinedPlays.table(): _table(QuarantinedPlays, day.quarantined),
    }


def gaps(polls: pl.DataFrame) -> pl.DataFrame:
    """Windows in which plays may be missing, in order; they do not overlap.

    A poll that showed all it can, but not the newest play known before it, leaves such a window.
    Where the polls before showed no play at all, the window begins with the first of them.

    Args:
        polls: Rows of `Polls`, of all days.

    Returns:
        ``from_at``: the newest play known before; ``to_at``: the oldest that the poll showed;
        ``found_at``: when it was made. All in UTC.
    """
    newest = pl.col("newest_at").cum_max().forward_fill()
    known = pl.coalesce(newest, pl.col("polled_at").first()).shift(1)
    return (
        polls.sort("polled_at")
        .select("is_full", from_at=known, to_at="oldest_at", found_at="polled_at")
        .filter(pl.col("is_full") & (pl.col("to_at") > pl.col("from_at")))
        .drop("is_full")
    )


def covered(polls: pl.DataFrame) -> pl.DataFrame:
    """Intervals that the polls can vouch for, in order: all the time but for the `gaps`.

    They begin with the oldest play of the first poll and end with the last poll. What a poll lets
    know can reach past the last one before it: where it shows that play again, nothing between is
    missing, however long ago it was. Plays that Spotify reports late, or never, are missing still.

    Args:
        polls: Rows of `Polls`, of all days.

    Returns:
        ``from_at`` and ``to_at`` (UTC).
    """
    ordered, windows = polls.sort("polled_at"), gaps(polls)
    first = ordered.head(1).select(pl.coalesce("oldest_at", "polled_at")).to_series()
    return pl.DataFrame(
        {
            "from_at": pl.concat([first, windows["to_at"]]),
            "to_at": pl.concat([windows["from_at"], ordered["polled_at"].tail(1)]),
        }
    ).filter(pl.col("from_at") < pl.col("to_at"))


@dataclass
class _Day:
    """The rows of a day so far."""

    date: dt.date
    source_file: str
    plays: dict[tuple[dt.datetime, str], Row] = field(default_factory=dict)
    polls: dict[dt.datetime, Row] = field(default_factory=dict)
    quarantined: list[Row] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    """Items in quarantine, as JSON."""

    def take(self, exchange: Exchange) -> None:
        """Read an answer."""
        body = exchange.response.json()
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list):
            self._set_aside(f"{exchange.line}/", "the response holds no list of plays")
            return
        asked_at = exchange.response.requested_at.astimezone(dt.UTC).replace(tzinfo=None)
        source = {"source_file": self.source_file, "source_line": exchange.line}
        times = []
        for index, item in enumerate(items):
            row, problems = _play(item)
            if row["played_at"] is not None:
                times.append(row["played_at"])
            if problems:
                self._set_item_aside(f"{exchange.line}/items/{index}", item, "; ".join(problems))
                continue
            key = (row["played_at"], row["track_id"])
            self.plays.setdefault(
                key,
                {
                    "date": self.date,
                    **row,
                    "reported_at": asked_at,
                    **source,
                    "source_item": index + 1,
                },
            )
        asked = int(exchange.request.params.get("limit", DEFAULT_LIMIT))
        is_full = len(items) >= _page_size(body.get("limit"), asked)
        self._note_poll(exchange.request.params, asked_at, len(items), is_full, times, source)

    def _note_poll(
        self,
        params: Mapping[str, str | int],
        asked_at: dt.datetime,
        items: int,
        is_full: bool,
        times: list[dt.datetime],
        source: Row,
    ) -> None:
        if "before" in params:
            self._prolong(int(params["before"]), items, times)
            return
        row = {
            "date": self.date,
            "polled_at": asked_at,
            "items": items,
            "is_full": is_full,
            "oldest_at": min(times, default=None),
            "newest_at": max(times, default=None),
            **source,
        }
        self.polls.setdefault(asked_at, row)

    def _prolong(self, before: int, items: int, times: list[dt.datetime]) -> None:
        """A page of what was before the oldest play of a poll: one poll with that."""
        for row in reversed(self.polls.values()):
            if row["oldest_at"] is not None and _milliseconds(row["oldest_at"]) == before:
                row["items"] += items
                row["oldest_at"] = min([row["oldest_at"], *times])
                return

    def _set_item_aside(self, pointer: str, item: Any, reason: str) -> None:
        if isinstance(item, dict):
            as_json = json.dumps(item, sort_keys=True)
            if as_json in self.unreadable:
                return
            self.unreadable.add(as_json)
        self._set_aside(pointer, reason)

    def _set_aside(self, pointer: str, reason: str) -> None:
        self.quarantined.append(
            {
                "source": "api",
                "source_file": self.source_file,
                "source_pointer": pointer,
                "reason": reason,
            }
        )


def _play(item: Any) -> tuple[Row, list[str]]:
    """What an item says, and what of it cannot be read; nothing that it says is in the latter."""
    problems: list[str] = []
    play = _Object(item, "item", problems)
    track = play.object("track")
    artist, album = track.first("artists"), track.object("album")
    row = {
        "played_at": play.moment("played_at"),
        "track_id": track.text("id", ID_PATTERN),
        "name": track.text("name"),
        "artist_id": artist.text("id", ID_PATTERN),
        "artist_name": artist.text("name"),
        "album_id": album.text("id", ID_PATTERN),
        "album_name": album.text("name"),
        "duration_ms": track.count("duration_ms"),
        "isrc": track.object("external_ids").text("isrc"),
        "context_uri": play.object("context").text("uri"),
    }
    if problems:
        return row, problems
    if play.is_null:
        return row, ["the item is null"]
    if track.is_null:
        return row, ["there is no track"]
    missing = [name for name in ("played_at", "track_id", "name") if row[name] is None]
    if "track_id" in missing and track.fields.get("is_local"):
        return row, ["it is a local file, which has no id"]
    return row, [f"{name} is missing" for name in missing]


class _Object:
    """A JSON object that is read value by value; what is no such value is noted as a problem.

    What is null or absent is ``None``; so is every value of an object that is.
    """

    def __init__(self, value: Any, path: str, problems: list[str]) -> None:
        self.is_null = value is None
        self.fields: dict[str, Any] = value if isinstance(value, dict) else {}
        self._path = path
        self._problems = problems
        if not self.is_null and not isinstance(value, dict):
            problems.append(f"{path} is no object")

    def object(self, name: str) -> "_Object":
        return _Object(self.fields.get(name), self._at(name), self._problems)

    def first(self, name: str) -> "_Object":
        """The first object of a list."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, list):
            self._note(name, "no list")
        first = value[0] if isinstance(value, list) and value else None
        return _Object(first, f"{self._at(name)}/0", self._problems)

    def text(self, name: str, pattern: str | None = None) -> str | None:
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not _is_unicode(value):
            self._note(name, "no text")
        elif pattern is not None and not re.fullmatch(pattern, value):
            self._note(name, "no Spotify id")
        else:
            return value
        return None

    def count(self, name: str) -> int | None:
        value = self.fields.get(name)
        # JSON knows no integers: 85.0 is 85. Beyond 2^53 a float does not know its last digits.
        if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOAT:
            value = int(value)
        # JSON's `true` is an `int` to Python.
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_INTEGER:
            return value
        if value is not None:
            self._note(name, "no number of things")
        return None

    def moment(self, name: str) -> dt.datetime | None:
        """A time in UTC, without a zone."""
        text = self.text(name)
        if text is None:
            return None
        try:
            moment = dt.datetime.fromisoformat(text)
            in_utc = moment.astimezone(dt.UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):
            self._note(name, "no time")
            return None
        if moment.tzinfo is None:
            self._note(name, "a time without a zone")
            return None
        return in_utc

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def _note(self, name: str, problem: str) -> None:
        self._problems.append(f"{self._at(name)} is {problem}")


def _page_size(said: Any, asked: int) -> float:
    """How many plays a page can show: as many as were asked for, or fewer if it says so."""
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return min(said, asked) if is_number and said > 0 else asked


def _is_unicode(text: str) -> bool:
    """Whether it can be stored: a lone surrogate is JSON, but no database takes it."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _milliseconds(moment: dt.datetime) -> int:
    return (moment - EPOCH) // dt.timedelta(milliseconds=1)


def _table(contract: type[Contract], rows: Iterable[Row]) -> pl.DataFrame:
    """Rows in the order of the key, so that the same answers give the same file."""
    schema = contract.polars_schema()
    table = pl.DataFrame(list(rows), schema=schema, orient="row")
    if contract is not QuarantinedPlays:
        table = table.sort(contract.key())
    contract.validate(table)
    return table
