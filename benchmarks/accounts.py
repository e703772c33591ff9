"""Holds the sandbox's log, our ledger and the sealed responses against each other.

Belongs here: counting calls. Does not belong here: what the responses say (``witness``).
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.witness import Question, asked, question
from spotify_assets.lake.raw import Sealed, read_exchanges
from spotify_assets.sandbox.families import TOKEN
from spotify_assets.sandbox.log import Entry

BROKEN = ("reset", "cut_body")
"""Faults after which there is no whole response that could be kept."""
TOKEN_CALL = question(None, "api/token", {})
Answered = tuple[Question, int | None]


@dataclass(frozen=True)
class Accounts:
    """What became of all calls; "calls" are for tokens too, "requests" are not.

    Attributes:
        requests: That came to the API.
        tokens: That came to the accounts host.
        faults: Of the API, by kind.
        repeated: Requests whose answer was in the journal before they came.
        good: Responses that are sealed and are answers.
        taught: Sealed refusals of a page size.
        failed: Sealed responses that are no answers, because of a fault.
        broken: Requests that a fault left without a whole response.
        cut_off: Requests that were answered, or under way, when a kill came; not journalled.
        never_sent: Calls in the ledger that a kill kept from being sent.
        without_outcome: Calls in the ledger that a kill kept from getting their outcome.
        unknown: Calls in the log that the ledger does not know.
        invented: Calls, outcomes or responses of ours that the log does not know.
    """

    requests: int
    tokens: int
    faults: Mapping[str, int]
    repeated: int
    good: int
    taught: int
    failed: int
    broken: int
    cut_off: int
    never_sent: int
    without_outcome: int
    unknown: int
    invented: int


NONE = Accounts(0, 0, {}, *[0] * 10)
"""Of no calls."""


def accounts(
    entries: Sequence[Entry],
    ledger: Path,
    sealed: Sequence[Sealed],
    answered_after: Mapping[Question, int],
) -> Accounts:
    """Settle up.

    Args:
        entries: Of the log.
        ledger: The SQLite file.
        sealed: All finished collections.
        answered_after: Questions, and the ordinal of the last call before their answer was seen.
    """
    requests = [one for one in entries if one.family != TOKEN]
    served: Counter[Answered] = Counter((_logged(one), one.status) for one in entries)
    calls: Counter[Question] = Counter(_logged(one) for one in entries)
    entered = _entered(ledger)
    settled: Counter[Answered] = Counter(
        one for one, failure in entered if one[1] is not None and not failure
    )
    waiting = Counter(one[0] for one, failure in entered if one[1] is None and not failure)
    noted = Counter(one[0] for one, _ in entered)
    not_in_log = noted - calls
    kept = [
        (asked(one.genre_day, line.request), line.response)
        for one in sealed
        for line in read_exchanges(one.path)
    ]
    journalled: Counter[Answered] = Counter((what, response.status) for what, response in kept)
    good = sum(response.status == 200 and response.json() is not None for _, response in kept)
    taught = sum(response.status == 400 for _, response in kept)
    broken = sum(one.fault in BROKEN for one in requests)
    return Accounts(
        requests=len(requests),
        tokens=len(entries) - len(requests),
        faults=Counter(str(one.fault) for one in requests if one.fault),
        repeated=sum(
            one.ordinal > answered_after.get(_logged(one), one.ordinal) for one in requests
        ),
        good=good,
        taught=taught,
        failed=len(kept) - good - taught,
        broken=broken,
        cut_off=len(requests) - len(kept) - broken,
        never_sent=not_in_log.total(),
        without_outcome=waiting.total(),
        unknown=(calls - noted).total(),
        invented=sum(
            (ours - theirs).total() for ours, theirs in ((settled, served), (journalled, served))
        )
        + (not_in_log - waiting).total(),
    )


def _logged(entry: Entry) -> Question:
    # What kind of token is in the body, which a kill can keep back when the head is sent.
    return TOKEN_CALL if entry.family == TOKEN else question(entry.day, entry.path, entry.params)


def _entered(ledger: Path) -> list[tuple[Answered, str | None]]:
    """Question, status and failure of each call in the ledger, read without our own code."""
    with closing(sqlite3.connect(ledger)) as database:
        rows = database.execute(
            "SELECT endpoint, date, path, params, status, failure FROM requests"
        ).fetchall()
    return [
        (
            (
                TOKEN_CALL if endpoint == TOKEN else question(day, path, json.loads(params)),
                status,
            ),
            failure,
        )
        for endpoint, day, path, params, status, failure in rows
    ]
