"""What people read: the subject, the text and the JSON of a message.

Does not belong here: when a message is made (``store``), and how it is carried (``channels``).
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from spotify_assets.operations.alerts.incidents import Incident, minute

State = Literal["open", "over"]

MAX_IN_FULL = 20
"""Incidents that a message shows; of the others it gives the number."""
RULE = "-" * 60
ZERO_WIDTH_SPACE = "\u200b"
STARTS = re.compile(r"@|\](?=[(\[:])")
"""Of a mention, and of the target of a link or image or what names it."""


@dataclass(frozen=True)
class Notice:
    """What a message says of one incident.

    Attributes:
        incident: The incident.
        openings: How many times it opened that no message told before; 0 where its opening was
            told, and this is its end.
        opened_at: When it opened: the first of those times.
        closed_at: When it was over; ``None`` while it is open.
    """

    incident: Incident
    openings: int
    opened_at: dt.datetime
    closed_at: dt.datetime | None = None

    @property
    def text(self) -> str:
        """A few lines, the title first."""
        incident = self.incident
        said = [] if self.closed_at else [incident.body, ""]
        said.append(self._when())
        if incident.until and not self.closed_at:
            said.append(f"It ends by itself at {minute(incident.until)}.")
        if incident.link:
            said.append(incident.link)
        state = "Over" if self.closed_at else incident.severity.capitalize()
        return "\n".join([f"{state}: {incident.title}", "", *said])

    @property
    def payload(self) -> dict[str, Any]:
        """The same for a program; times are ISO 8601, UTC."""
        incident = self.incident
        return {
            "state": "over" if self.closed_at else "open",
            "key": incident.key,
            "kind": incident.kind,
            "severity": incident.severity,
            "title": incident.title,
            "body": incident.body,
            "link": incident.link,
            "since": incident.since.isoformat(),
            "until": incident.until and incident.until.isoformat(),
            "openings": self.openings,
            "opened_at": self.opened_at.isoformat(),
            "closed_at": self.closed_at and self.closed_at.isoformat(),
        }

    def _when(self) -> str:
        if self.openings > 1:
            over = f", over since {minute(self.closed_at)}" if self.closed_at else ""
            return f"Opened {self.openings} times since {minute(self.opened_at)}{over}."
        began = minute(self.incident.since)
        if self.closed_at:
            return f"It lasted from {began} to {minute(self.closed_at)}."
        return f"Since {began}."


@dataclass(frozen=True)
class Message:
    """One mail, or one call of a webhook.

    Attributes:
        id: The same at each attempt to deliver it.
        state: Whether it tells what is open, or what is over: never both.
        notices: What it says; at least one.
        answers: The messages that opened what this one says is over.
    """

    id: str
    state: State
    notices: tuple[Notice, ...]
    answers: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """One line: the state, and the first incident."""
        others = len(self.notices) - 1
        more = f" and {others} more" if others else ""
        return f"[spotify-assets] {self.state.upper()} {self.notices[0].incident.title}{more}"

    @property
    def text(self) -> str:
        """Plain text, its lines separated by newlines."""
        shown = [notice.text for notice in self.notices[:MAX_IN_FULL]]
        if self._left_out:
            shown.append(f"and {self._left_out} more")
        return f"\n\n{RULE}\n\n".join(shown) + "\n"

    @property
    def payload(self) -> Mapping[str, Any]:
        """For a program; ``text`` is what Slack, Mattermost and hooks compatible with them show.

        Only there, names are written so that they mention nobody, and link and load nothing.
        """
        return {
            "id": self.id,
            "state": self.state,
            "text": _for_chat(f"{self.subject}\n\n{self.text}"),
            "mrkdwn": False,
            "incidents": [notice.payload for notice in self.notices[:MAX_IN_FULL]],
            "more": self._left_out,
        }

    @property
    def _left_out(self) -> int:
        return max(len(self.notices) - MAX_IN_FULL, 0)


def _for_chat(text: str) -> str:
    """The text so that no chat reads a mention, a link under another name or an image in it.

    Slack's markup needs one of three characters, which all of them show where they are written as
    entities. Mattermost and others obey a plain ``@`` and Markdown too: what starts a mention or
    a target is parted from what follows by a space of no width.
    """
    entities = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return STARTS.sub(lambda start: start[0] + ZERO_WIDTH_SPACE, entities)
