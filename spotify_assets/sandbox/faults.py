"""Faults: which one a request draws, and what the answer then looks like.

A draw depends on the seed and on the ordinal number of the request alone, never on the time: the
same requests in the same order meet the same faults. What does not belong here: sending
(``traffic``), and what is settled by counting (``limits``).
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, get_args

from spotify_assets.sandbox.behaviour import (
    FAULTS,
    Behaviour,
    BodyForm,
    Fault,
    RetryAfterForm,
    TooMany,
)
from spotify_assets.sandbox.draws import number_of
from spotify_assets.sandbox.errors import ApiError, unauthorized

# A Retry-After of a spent quota, as it was seen in the wild.
QUOTA_WAIT_S = 85_771
WAIT_S = 1
UNREADABLE = frozenset({"cut_body", "cut_json", "empty_body"})
"""Faults after which no items can be read from the answer."""
_IN_BURSTS = frozenset({"500", "502", "503"})
_RUBBISH = ("soon", "-1", "1.5e", "one minute", "")
_TEXT, _JSON = "text/plain; charset=utf-8", "application/json; charset=utf-8"
_OFFSET = re.compile(r"(?<=[?&]offset=)\d+")


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Answer:
    """An answer as it goes over the wire; names of headers are in lower case."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @classmethod
    def of(
        cls, status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> "Answer":
        """Make one of a body and further headers."""
        more = {name.lower(): value for name, value in (headers or {}).items()}
        all_headers = {"content-type": content_type, "content-length": str(len(body)), **more}
        raw = tuple((name.encode(), value.encode("latin-1")) for name, value in all_headers.items())
        return cls(status, raw, body)

    @classmethod
    def of_error(cls, error: ApiError, **more: str) -> "Answer":
        """Make one in the API's own form; ``more`` goes into the body."""
        body = {"error": error.body["error"] | more}
        return cls.of(error.status, _dumped(body), _JSON, error.headers)

    def with_body(self, body: bytes) -> "Answer":
        """Return it with another body, and the length of that."""
        kept = (pair for pair in self.headers if pair[0] != b"content-length")
        length = (b"content-length", str(len(body)).encode())
        return Answer(self.status, (*kept, length), body)


_NOT_REGISTERED = (
    "Check settings on developer.spotify.com/dashboard, the user may not be registered."
)
_PREMIUM_LAPSED = b"Active premium subscription required for the owner of the app."
_ALWAYS_THE_SAME: dict[Fault, Answer] = {
    "500": Answer.of_error(ApiError(500, "Server error.")),
    "502": Answer.of_error(ApiError(502, "Error while loading resource")),
    "503": Answer.of_error(ApiError(503, "Service temporarily unavailable")),
    "expired_token": Answer.of_error(unauthorized("The access token expired")),
    "premium_lapsed": Answer.of(403, _PREMIUM_LAPSED, _TEXT),
    "user_not_registered": Answer.of_error(ApiError(403, _NOT_REGISTERED)),
    "empty_400": Answer.of(400, b"", _TEXT),
}


@dataclass(frozen=True)
class Luck:
    """What a request draws from: numbers in [0, 1) that depend on nothing else."""

    seed: int
    ordinal: int

    def draw(self, purpose: str) -> float:
        """Draw the number for a purpose."""
        return number_of(f"{self.seed} {purpose} {self.ordinal}") / 2**64

    def back(self, requests: int) -> "Luck":
        """Return the luck of an earlier request."""
        return Luck(self.seed, self.ordinal - requests)


def drawn(behaviour: Behaviour, luck: Luck) -> Fault | None:
    """Return the fault that a request draws, if any."""
    for fault in FAULTS:
        share = behaviour.shares.get(fault)
        length = behaviour.burst if fault in _IN_BURSTS else 1
        if share and _is_hit(fault, share, length, luck):
            return fault
    return None


def _is_hit(fault: Fault, share: float, length: int, luck: Luck) -> bool:
    """Whether a burst begins at this request, or began so lately that it still lasts."""
    # Bursts overlap: this many begin so that the given share of requests lies in one.
    begins = 1 - (1 - share) ** (1 / length)
    return any(luck.back(requests).draw(fault) < begins for requests in range(length))


def instead(fault: Fault, form: TooMany, luck: Luck, now: float) -> Answer | None:
    """Return what a fault says in place of the API; None if the API is to be asked.

    Args:
        fault: What happens.
        form: Of a 429.
        luck: Of the request.
        now: Unix time by the machine in seconds, for a ``Retry-After`` that is a date.
    """
    match fault:
        case "too_many":
            wait_s = WAIT_S if form.wait_s is None else form.wait_s
            return too_many(form, luck, now, wait_s=wait_s)
        case "quota_exceeded":
            wait_s = QUOTA_WAIT_S if form.wait_s is None else form.wait_s
            return too_many(form, luck, now, wait_s=wait_s, is_quota=True)
        case _:
            return _ALWAYS_THE_SAME.get(fault)


def too_many(
    form: TooMany, luck: Luck, now: float, *, wait_s: int, is_quota: bool = False
) -> Answer:
    """Return an answer 429.

    Args:
        form: What it looks like.
        luck: Of the request, for forms that are drawn.
        now: Unix time by the machine in seconds, for a ``Retry-After`` that is a date.
        wait_s: Seconds to wait.
        is_quota: Whether the quota is the cause, or the rate limit.
    """
    headers = dict(_retry_after(form.retry_after, luck, now, wait_s))
    error = ApiError(429, "API rate limit exceeded", headers)
    match _chosen(form.body, get_args(BodyForm), luck, "form of the body"):
        case "text":
            return Answer.of(429, b"Too many requests", _TEXT, headers)
        case "empty":
            return Answer.of(429, b"", _TEXT, headers)
        case "json" if is_quota:
            return Answer.of_error(error, reason="QUOTA_EXCEEDED")
        case _:
            return Answer.of_error(error)


def _retry_after(
    form: RetryAfterForm, luck: Luck, now: float, wait_s: int
) -> Iterator[tuple[str, str]]:
    match _chosen(form, get_args(RetryAfterForm), luck, "form of Retry-After"):
        case "seconds":
            yield "Retry-After", str(wait_s)
        case "date":
            yield "Retry-After", formatdate(math.ceil(now + wait_s), usegmt=True)
        case "rubbish":
            yield "Retry-After", _RUBBISH[int(luck.draw("rubbish") * len(_RUBBISH))]


def _chosen(form: str, forms: tuple[str, ...], luck: Luck, purpose: str) -> str:
    if form != "drawn":
        return form
    others = [one for one in forms if one != "drawn"]
    return others[int(luck.draw(purpose) * len(others))]


def corrupted(fault: str, good: Answer, luck: Luck) -> Answer:
    """Return what a fault makes of the API's own answer."""
    match fault:
        case "empty_body":
            return good.with_body(b"")
        case "cut_json":
            return good.with_body(good.body[: len(good.body) // 2])
        case "endless_next":
            return _with_pages(good, _endless)
        case "wrong_total":
            return _with_pages(good, lambda page: _mistaken(page, luck.draw("total")))
        case _:
            return good


def _with_pages(good: Answer, change: Callable[[dict[str, Any]], None]) -> Answer:
    """Change the page, or each of the pages, that the answer has."""
    if (b"content-type", _JSON.encode()) not in good.headers:
        return good
    body = json.loads(good.body)
    for page in (body, *body.values()):
        if isinstance(page, dict) and {"items", "next", "total"} <= page.keys():
            change(page)
    return good.with_body(_dumped(body))


def _endless(page: dict[str, Any]) -> None:
    after = str(page["offset"] + page["limit"])
    page["next"] = page["next"] or _OFFSET.sub(after, page["href"])


def _mistaken(page: dict[str, Any], luck: float) -> None:
    # From nothing to twice as many, and some more for a page that has none.
    total = int(luck * 2 * (page["total"] + 10))
    page["total"] = total + (total == page["total"])
