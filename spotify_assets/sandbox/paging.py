"""Pages: ``limit`` and ``offset`` read from a request, and the paging object of an answer.

What does not belong here: what is on a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from spotify_assets.sandbox.errors import bad_request

# On the wire `offset` is a 32-bit number.
_LARGEST_OFFSET = 2**31 - 1


@dataclass(frozen=True)
class Window:
    """The positions that a request asks for."""

    offset: int
    limit: int

    @classmethod
    def asked(cls, params: Mapping[str, str], *, default: int, most: int) -> "Window":
        """Read ``limit`` and ``offset``.

        Raises:
            ApiError: 400 if one is no whole number or out of range.
        """
        limit = _whole(params.get("limit", str(default)))
        if limit is None or not 1 <= limit <= most:
            raise bad_request("Invalid limit")
        offset = _whole(params.get("offset", "0"))
        if offset is None or not 0 <= offset <= _LARGEST_OFFSET:
            raise bad_request("Invalid offset")
        return cls(offset, limit)

    @property
    def end(self) -> int:
        """The position after the last one."""
        return self.offset + self.limit

    @property
    def slice(self) -> slice:
        """The window as a slice of all positions."""
        return slice(self.offset, self.end)


def page(
    url: str,
    window: Window,
    items: list[Any],
    total: int,
    *,
    params: Mapping[str, str] | None = None,
    has_next: bool | None = None,
) -> dict[str, Any]:
    """Return a paging object.

    Args:
        url: Where the pages are, without a query.
        window: Which page this is.
        items: What is on it.
        total: How many items there are, or are said to be.
        params: Further parameters of the query, in order.
        has_next: Whether ``next`` points on; if not given, whether ``total`` goes beyond the page.
    """
    rest = "".join(f"&{name}={quote(value, safe=',')}" for name, value in (params or {}).items())

    def at(offset: int) -> str:
        return f"{url}?offset={offset}&limit={window.limit}{rest}"

    if has_next is None:
        has_next = window.end < total
    return {
        "href": at(window.offset),
        "limit": window.limit,
        "next": at(window.end) if has_next else None,
        "offset": window.offset,
        "previous": at(max(window.offset - window.limit, 0)) if window.offset else None,
        "total": total,
        "items": items,
    }


def _whole(text: str) -> int | None:
    # The length first: Python refuses to read numbers of thousands of digits.
    signed = text.removeprefix("-")
    return int(text) if signed.isascii() and signed.isdigit() and len(signed) <= 10 else None  # noqa: PLR2004
