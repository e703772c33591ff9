"""An incident: one thing that is wrong, under a key that stays the same while it is.

Does not belong here: what is said of each kind (``causes``), and who is told (``messages``).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "run_failure",
    "check_failure",
    "late_data",
    "quota_block",
    "token_ends",
    "rows_drop",
    "streams_drop",
    "invalid_rows",
    "late_file",
    "model_withdrawn",
    "comments_drift",
    "damaged_file",
]
Severity = Literal["warning", "error"]

MAX_TITLE, MAX_BODY = 200, 2_000
"""Characters. Twenty bodies of this length are what Slack shows of one text (40,000)."""


@dataclass(frozen=True)
class Incident:
    """One thing that is wrong.

    Titles and bodies often quote an error, so they take any text: a title is brought to one line,
    both are cut to a length that a message can hold.

    Attributes:
        key: What it is about, such as ``run_failure/catalog/2026-11-20|rock``: the same thing gone
            wrong again has the same key.
        kind: What sort of thing went wrong.
        title: One line; where it is empty, the key.
        body: What happened, to which partition, and what to do. Plain text.
        severity: Whether data is wrong or missing (error), or will be (warning).
        since: When it began, UTC.
        link: Where to look in the Dagster UI.
        until: When it ends by itself, UTC; ``None`` where it does not.

    Raises:
        ValueError: The key is empty, or a time has no time zone.
    """

    key: str
    kind: Kind
    title: str
    body: str
    severity: Severity
    since: dt.datetime
    link: str | None = None
    until: dt.datetime | None = None

    def __post_init__(self) -> None:
        tidy = {
            "key": _line(self.key),
            "title": _cut(_line(self.title) or _line(self.key), MAX_TITLE),
            "body": _cut(_storable(self.body).strip(), MAX_BODY),
            "since": _utc(self.since),
            "link": None if self.link is None else _line(self.link),
            "until": None if self.until is None else _utc(self.until),
        }
        if not tidy["key"]:
            raise ValueError("An incident needs a key, such as run_failure/catalog/2026-11-20|rock")
        for name, value in tidy.items():
            object.__setattr__(self, name, value)


def minute(moment: dt.datetime) -> str:
    """A time as people read it in titles and bodies."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _line(text: str) -> str:
    """The text on one line, without what cannot be printed: it goes into headers of mails."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _storable(text: str) -> str:
    """Names of files that are not UTF-8 reach Python as surrogates, which nothing can store."""
    storable = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in storable)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone: give the times of an incident in UTC.")
    return moment.astimezone(dt.UTC)
