"""What the API reports of the listening, and the page on which it does.

The truth is elsewhere (``listening``): here some of it is missing, late or at another time. What
does not belong here: how a track looks (``objects``), and who may ask (``api``).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from spotify_assets.sandbox.columns import Catalog
from spotify_assets.sandbox.draws import identifiers, keys_for, number_of
from spotify_assets.sandbox.errors import bad_request
from spotify_assets.sandbox.listening import Listener, plays
from spotify_assets.sandbox.paging import Window
from spotify_assets.sandbox.repertoire import Repertoire

Json = dict[str, Any]

REACHABLE = 50
"""Plays that can be asked for at all, whatever the cursor."""
PAGE_DEFAULT, PAGE_LIMIT = 20, 50
PATH = "/me/player/recently-played"

# Days to look back; the next number where there are too few plays in those.
_LOOK_BACK = (3, 15, 75, 375)
_CONTEXTS = ("album", "artist", "playlist", None)
_PLAYLISTS = identifiers(keys_for("playlist", 8))
_MAX_CURSOR = 15  # digits


class Report(NamedTuple):
    """A play as the API reports it: when (Unix ms), and the row of the track."""

    played_at: int
    track: int

    @property
    def time(self) -> str:
        """The time as the API writes it."""
        moment = dt.datetime.fromtimestamp(self.played_at // 1000, dt.UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{self.played_at % 1000:03d}Z"


class Reports:
    """Tells the newest plays that the API knows of at a time."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @cached_property
    def _repertoire(self) -> Repertoire:
        return Repertoire.of(self._catalog)

    def newest(self, listener: Listener, now: float) -> list[Report]:
        """Return the plays that can be reached at a Unix time (seconds), newest first."""
        moment = dt.datetime.fromtimestamp(now, dt.UTC).replace(tzinfo=None)
        today = moment.toordinal()
        for days in _LOOK_BACK:
            played = plays(listener, self._repertoire, np.arange(today - days, today + 1))
            known = played.filter(pl.col("api_seen_at") <= moment)
            if len(known) >= REACHABLE:
                break
        rows = (
            known.sort("api_played_at", descending=True, maintain_order=True)
            .head(REACHABLE)
            .select(pl.col("api_played_at").dt.epoch("ms"), "track")
        )
        return [Report(*row) for row in rows.iter_rows()]


@dataclass(frozen=True)
class Asked:
    """What a request asks for; the cursors are Unix ms, and exclusive."""

    limit: int
    after: int | None = None
    before: int | None = None

    @classmethod
    def read(cls, params: Mapping[str, str]) -> "Asked":
        """Read the parameters of a query.

        Raises:
            ApiError: 400 for a bad limit or cursor, or for both cursors.
        """
        limit = Window.asked(params, default=PAGE_DEFAULT, most=PAGE_LIMIT).limit
        if "after" in params and "before" in params:
            raise bad_request("Only one of after and before can be given")
        return cls(limit, _cursor(params, "after"), _cursor(params, "before"))

    def chosen(self, reports: list[Report]) -> list[Report]:
        """Choose from reports, newest first: the oldest after a cursor, else the newest."""
        if self.after is not None:
            return [one for one in reports if one.played_at > self.after][-self.limit :]
        before = self.before
        return [one for one in reports if before is None or one.played_at < before][: self.limit]

    def link(self, url: str) -> str:
        """Return the address of this page."""
        cursors = (("after", self.after), ("before", self.before))
        words = [f"{name}={value}" for name, value in cursors if value is not None]
        return f"{url}{PATH}?{'&'.join([*words, f'limit={self.limit}'])}"


def page(
    url: str,
    asked: Asked,
    reports: list[Report],
    catalog: Catalog,
    show: Callable[[list[int]], list[Json]],
) -> Json:
    """Return a page of plays.

    Args:
        url: The root of the API.
        asked: Which page.
        reports: All that can be reached, newest first.
        catalog: Where the tracks are.
        show: Makes track objects of rows.
    """
    chosen = asked.chosen(reports)
    tracks = show([one.track for one in chosen])
    items = [
        {"track": track, "played_at": one.time, "context": _context(url, one, catalog)}
        for one, track in zip(chosen, tracks, strict=True)
    ]
    following, cursors = None, None
    if chosen:
        newest, oldest = chosen[0].played_at, chosen[-1].played_at
        cursors = {"after": str(newest), "before": str(oldest)}
        on = {"before": oldest} if asked.after is None else {"after": newest}
        following = Asked(asked.limit, **on).link(url)
    return {
        "items": items,
        "next": following,
        "cursors": cursors,
        "limit": asked.limit,
        "href": asked.link(url),
    }


def _cursor(params: Mapping[str, str], name: str) -> int | None:
    text = params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_CURSOR):
        raise bad_request(f"Invalid {name}")
    return int(text)


def _context(url: str, report: Report, catalog: Catalog) -> Json | None:
    """Return what a track was played from, if from anything."""
    luck = number_of(f"context {report.played_at}")
    album = catalog.tracks.album[report.track]
    match _CONTEXTS[luck % len(_CONTEXTS)]:
        case None:
            return None
        case "album" as kind:
            name = catalog.albums.ids[album]
        case "artist" as kind:
            name = catalog.artists.ids[catalog.albums.artist[album]]
        case kind:
            name = _PLAYLISTS[luck // len(_CONTEXTS) % len(_PLAYLISTS)]
    return {
        "type": kind,
        "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{name}"},
        "href": f"{url}/{kind}s/{name}",
        "uri": f"spotify:{kind}:{name}",
    }
