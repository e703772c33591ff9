"""One poll: what the user played last.

The API shows about the last 50 plays, and late ones anywhere among them. So each poll asks for all
of them; a cursor would miss what came late.

Belongs here: which requests a poll is. Does not belong here: where the answers lie
(``lake.polls``), and what they say of plays and gaps (``transforms.plays``).
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spotify_assets.lake import Lake
from spotify_assets.lake.exchanges import Request, is_number
from spotify_assets.lake.polls import PolledDay, polled_days

if TYPE_CHECKING:
    from spotify_assets.sources.spotify_api.client import Client

FAMILY, PATH = "me", "me/player/recently-played"
MOST = 50
"""Plays that the API shows at once."""
OK = 200


@dataclass(frozen=True)
class Poll:
    """What a poll brought.

    Attributes:
        date: The day (UTC) whose file holds the answers.
        plays: How many plays were shown; most of them an earlier poll has seen too.
        newest_at: Time (UTC) of the newest one; ``None`` where there was none.
    """

    date: dt.date
    plays: int
    newest_at: dt.datetime | None


@dataclass(frozen=True)
class _Page:
    """Of an answer: how many plays, and its cursors, which are Unix milliseconds."""

    plays: int
    is_full: bool
    """As many as it could show, be that fewer than were asked for."""
    oldest: int | None
    newest: int | None

    @classmethod
    def of(cls, body: Any) -> "_Page":
        fields = body if isinstance(body, dict) else {}
        items, cursors, said = fields.get("items"), fields.get("cursors"), fields.get("limit")
        plays = len(items) if isinstance(items, list) else 0
        return cls(
            plays,
            plays >= (min(said, MOST) if is_number(said) and said > 0 else MOST),
            _milliseconds(cursors, "before"),
            _milliseconds(cursors, "after"),
        )


def poll(client: "Client", lake: Lake) -> Poll:
    """Ask what was played last, and keep the answer.

    One request. Where its page is full and begins after the newest play that the lake holds, a
    second one asks for what was before; there is seldom an answer to that.

    Args:
        client: With the tokens of a user.
        lake: Where the answers go, to the day of the client's clock.

    Raises:
        SpotifyError: The API did not answer, or nobody is signed in; see each kind.
        LedgerError: The ledger cannot be used.
        LakeError: The answer cannot be written, or the lake is of another source.
    """
    lake.claim(client.connection.source)
    day = PolledDay(lake, dt.datetime.fromtimestamp(client.clock.now().wall, dt.UTC).date())
    known = _newest_known(lake)
    page = _Page.of(client.ask(_request(), day))
    plays = page.plays
    if page.is_full and page.oldest is not None and known is not None and page.oldest > known:
        plays += _Page.of(client.ask(_request(before=page.oldest), day)).plays
    return Poll(day.date, plays, None if page.newest is None else _time(page.newest))


def _request(**cursor: int) -> Request:
    return Request(FAMILY, PATH, {"limit": MOST, **cursor})


def _newest_known(lake: Lake) -> int | None:
    """Time (Unix milliseconds) of the newest play of the last poll that showed any."""
    for date in reversed(polled_days(lake)):
        for exchange in reversed(PolledDay(lake, date).read()):
            is_poll = "before" not in exchange.request.params
            if is_poll and exchange.response.status == OK:
                newest = _Page.of(exchange.response.json()).newest
                if newest is not None:
                    return newest
    return None


def _milliseconds(cursors: Any, name: str) -> int | None:
    text = cursors.get(name) if isinstance(cursors, dict) else None
    # No more digits than a time can have.
    if isinstance(text, str) and re.fullmatch("[0-9]{1,14}", text):
        return int(text)
    return None


def _time(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=milliseconds)
