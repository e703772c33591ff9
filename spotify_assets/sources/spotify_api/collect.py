"""Collect one genre-day: which requests, in which order, until it has what was asked.

The requests follow from the answers alone. So a collection that was interrupted goes on by asking
the same questions again: those that the journal can answer cost nothing. And whether a collection
is whole is found by asking them of what it holds.

A search ends where as many objects were shown as are wanted, at the 1000th position, or behind the
last page that another one promises: by its ``next``, by its ``total``, or by being full. The two
can be too high, so three empty pages in a row are the end too.
"""

import datetime as dt
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from spotify_assets.lake.exchanges import FORBIDDEN, OK, Request, Response, is_final, is_number
from spotify_assets.lake.journal import CollectionParameters, Journal
from spotify_assets.lake.raw import RawPartition, Sealed, read_exchanges
from spotify_assets.sources.spotify_api.errors import (
    Blocked,
    DayCannotBeAsked,
    InvalidLimit,
    NotInThisMode,
    refusal,
)
from spotify_assets.sources.spotify_api.modes import PAGE_SIZE, Mode

if TYPE_CHECKING:
    from spotify_assets.sources.spotify_api.client import Client

log = logging.getLogger(__name__)
Kind = Literal["artist", "track"]
Progress = Callable[[str, int, int], None]
"""Called with what is being collected, how many are there, how many are wanted."""

SEARCH_WINDOW = 1000
"""`offset + limit` may not pass it, whatever `next` says."""
LARGEST_PAGE, SMALLEST_PAGE = PAGE_SIZE["extended"], PAGE_SIZE["development"]
LARGEST_BATCH = 50
MAX_EMPTY_PAGES = 3
"""In a row, before a search is believed to have ended though more is promised."""
SPOTIFY_ID = re.compile("[0-9A-Za-z]{22}")


def collect(
    client: "Client",
    partition: RawPartition,
    terms: CollectionParameters,
    *,
    today: dt.date,
    force: bool = False,
    progress: Progress | None = None,
) -> Sealed:
    """The sealed responses of a genre-day, asked for as far as they are not there yet.

    Where a finished collection lacks pages and the API still answers for that day, a further one
    begins with what it holds and asks for the rest; the earlier stays.

    Args:
        client: Connected to the source of ``terms``.
        partition: Where the responses lie.
        terms: What is wanted.
        today: The day that the API answers for (UTC).
        force: Ask again although a finished collection is there; the old one stays.
        progress: Told after each page.

    Raises:
        DayCannotBeAsked: The day is not today, the API is the real one, and nothing is there.
        SpotifyError: The API did not give all; what came is kept, the next run goes on from it.
        Held: Another process collects them now, on this machine or on another.
        LakeError: The responses cannot be written.
    """
    # Before anything is looked at: what another has asked meanwhile would be asked again.
    with client.budget.ledger.hold(str(partition.genre_day)):
        return _collect(client, partition, terms, today, force, progress)


def _collect(
    client: "Client",
    partition: RawPartition,
    terms: CollectionParameters,
    today: dt.date,
    force: bool,
    progress: Progress | None,
) -> Sealed:
    day = partition.genre_day.date
    can_ask = day == today or client.connection.answers_for_any_day
    # A further collection that was interrupted on its day can never be finished: the earlier stays.
    goes_on = can_ask and partition.is_under_way()
    lacking: Sealed | None = None
    if not force and not goes_on and (sealed := partition.latest()):
        if not can_ask or is_whole(sealed):
            return sealed
        lacking = sealed
    if not can_ask:
        raise DayCannotBeAsked(
            f"{partition.genre_day} cannot be collected: the Spotify Web API answers for now only "
            f"(today is {today}, UTC), and the lake holds no finished collection of that day. "
            "Days that were collected can be processed again at any time."
        )
    partition.lake.claim(terms.source)
    begun = terms if lacking is None else lacking.terms
    with partition.journal(begun, force=force or lacking is not None) as journal:
        genre_day, held = partition.genre_day, journal.terms
        if lacking is not None:
            log.warning("%s lacks pages: they are asked for now.", genre_day)
            _take_over(lacking, journal)
        if journal.lines:
            log.info("%s goes on after %d responses.", genre_day, journal.lines)
        if held != terms:
            log.warning("%s goes on under the terms that it began with: %s.", genre_day, held)
        _Collection(
            lambda request: client.ask(request, journal),
            lambda: None if client.mode is None else client.mode.mode,
            journal,
            genre_day.genre,
            held,
            progress,
        ).run()
        return partition.seal(journal)


def is_whole(sealed: Sealed) -> bool:
    """Whether a finished collection holds every page that it asked for or that was promised.

    Collections that were sealed by an earlier version may not.
    """
    held = _Answers.of(sealed)
    collection = _Collection(held.ask, lambda: None, held, sealed.genre_day.genre, sealed.terms)
    try:
        collection.run()
    except _NotHeld:
        return False
    return True


def _take_over(lacking: Sealed, journal: Journal) -> None:
    """Begin a collection with the answers of an earlier one; requests without one are asked."""
    for exchange in read_exchanges(lacking.path):
        request, response = exchange.request, exchange.response
        if is_final(request, response) and response.status != FORBIDDEN:
            journal.append(request, response)


class _NotHeld(Exception):
    """A collection has no answer to a question that follows from its others."""


class _Held(Protocol):
    """What is answered already."""

    def answered(self, endpoint: str) -> list[Request]:
        """What a family of requests was asked and has an answer, in the order it came."""


@dataclass(frozen=True)
class _Answers:
    """The final answers of a sealed collection."""

    by_identity: dict[str, tuple[Request, Response]]

    @classmethod
    def of(cls, sealed: Sealed) -> "_Answers":
        return cls(
            {
                exchange.request.identity: (exchange.request, exchange.response)
                for exchange in read_exchanges(sealed.path)
                if is_final(exchange.request, exchange.response)
            }
        )

    def answered(self, endpoint: str) -> list[Request]:
        return [request for request, _ in self.by_identity.values() if request.endpoint == endpoint]

    def ask(self, request: Request) -> Any:
        held = self.by_identity.get(request.identity)
        if held is not None and held[1].status == OK:
            return held[1].json()
        if held is not None:
            raise refusal(*held)
        for asked, response in self.by_identity.values():
            # Batches that an app may not ask for are not asked for again.
            if asked.endpoint == request.endpoint and response.status == FORBIDDEN:
                raise refusal(asked, response)
        raise _NotHeld(request.identity)


@dataclass
class _Found:
    """What the search has shown of a kind so far."""

    wanted: int
    ids: set[str] = field(default_factory=set)
    ended: bool = False
    empty_pages: int = 0
    """In a row."""

    @property
    def is_open(self) -> bool:
        return not self.ended and len(self.ids) < self.wanted


@dataclass
class _Collection:
    ask: Callable[[Request], Any]
    mode: Callable[[], Mode | None]
    held: _Held
    genre: str
    terms: CollectionParameters
    progress: Progress | None = None
    page_size: int = LARGEST_PAGE
    credited: dict[str, None] = field(default_factory=dict)
    """Ids of the artists of all tracks, in the order they came."""

    def run(self) -> None:
        """Search, then look up who is credited and was not found.

        Where one family of requests is blocked, what the other can give is collected first.
        """
        self.page_size = self._first_page_size()
        found: dict[Kind, _Found] = {
            "artist": _Found(min(self.terms.artists, SEARCH_WINDOW)),
            "track": _Found(min(self.terms.tracks, SEARCH_WINDOW)),
        }
        try:
            self._search(found)
        except Blocked:
            # More may be found: only batches that are full now would be full then.
            self._look_up(found["artist"].ids, only_full=True)
            raise
        self._look_up(found["artist"].ids)

    def _first_page_size(self) -> int:
        """As the pages that are there were asked for; else as large as the app may."""
        for request in self.held.answered("search"):
            limit = request.params["limit"]
            # A refusal is an answer too: it is replayed, and teaches again what it taught.
            return int(limit)
        mode = self.mode()
        return LARGEST_PAGE if mode is None else PAGE_SIZE[mode]

    def _search(self, found: dict[Kind, _Found]) -> None:
        """Both kinds in one request for as long as both are wanted."""
        offset = 0
        while offset + self.page_size <= SEARCH_WINDOW:
            kinds = [kind for kind, state in found.items() if state.is_open]
            if not kinds:
                return
            try:
                answer = self._search_page(kinds, offset)
            except InvalidLimit:
                if self.page_size == SMALLEST_PAGE:
                    raise
                log.info("Pages of %d are refused: development mode.", self.page_size)
                self.page_size = SMALLEST_PAGE
                continue
            for kind in kinds:
                self._take(kind, found[kind], answer[f"{kind}s"], offset)
            offset += self.page_size

    def _search_page(self, kinds: list[Kind], offset: int) -> Any:
        params: dict[str, str | int] = {
            "q": genre_query(self.genre),
            "type": ",".join(kinds),
            "limit": self.page_size,
            "offset": offset,
            "market": self.terms.market,
        }
        return self.ask(Request("search", "search", params))

    def _take(self, kind: Kind, state: _Found, page: dict[str, Any], offset: int) -> None:
        items = page["items"]
        for item in items:
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                state.ids.add(item["id"])
                self.credited.update(dict.fromkeys(_artist_ids(item)))
        state.empty_pages = 0 if items else state.empty_pages + 1
        goes_on = len(items) >= self.page_size or _promises_more(page, offset + self.page_size)
        state.ended = not goes_on or state.empty_pages == MAX_EMPTY_PAGES
        self._tell(f"{kind}s", min(len(state.ids), state.wanted), state.wanted)

    def _look_up(self, found: set[str], *, only_full: bool = False) -> None:
        """Popularity and followers of the artists that only a track names.

        In development mode there are no batches, and a single artist holds nothing more than the
        credit on the track does.
        """
        if self.page_size != LARGEST_PAGE:
            return
        asked = self.held.answered("artists")
        held = {one for request in asked for one in str(request.params["ids"]).split(",")}
        missing = [one for one in self.credited if one not in found and one not in held]
        for start in range(0, len(missing), LARGEST_BATCH):
            batch = missing[start : start + LARGEST_BATCH]
            if only_full and len(batch) < LARGEST_BATCH:
                return
            request = Request("artists", "artists", {"ids": ",".join(batch)})
            try:
                self.ask(request)
            except NotInThisMode as error:
                log.warning("%s The artists' popularity and followers stay unknown.", error)
                return
            self._tell("credits", min(start + LARGEST_BATCH, len(missing)), len(missing))

    def _tell(self, what: str, done: int, wanted: int) -> None:
        if self.progress is not None:
            self.progress(what, done, wanted)


def genre_query(genre: str) -> str:
    """The search filter for a genre, quoted so that spaces and signs are part of the name."""
    escaped = genre.replace("\\", "\\\\").replace('"', '\\"')
    return f'genre:"{escaped}"'


def _promises_more(page: dict[str, Any], end: int) -> bool:
    """Whether a page says that there are positions behind ``end``."""
    total = page.get("total")
    return page.get("next") is not None or (is_number(total) and total > end)


def _artist_ids(item: dict[str, Any]) -> list[str]:
    artists = item.get("artists")
    if not isinstance(artists, list):
        return []
    ids = [artist.get("id") for artist in artists if isinstance(artist, dict)]
    # One malformed id makes the API refuse the whole batch; it is set aside when it is processed.
    return [one for one in ids if isinstance(one, str) and SPOTIFY_ID.fullmatch(one)]
