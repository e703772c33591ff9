"""The endpoints: each a pure function from a call to JSON, and the table of their paths.

What does not belong here: HTTP (``api``), the look of objects (``objects``), what a search finds
(``search``). A new endpoint is a function and a line in ``ENDPOINTS``.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spotify_assets.sandbox import drift, library
from spotify_assets.sandbox import recently_played as recent
from spotify_assets.sandbox.columns import AlbumKind, Catalog
from spotify_assets.sandbox.draws import ID_LENGTH
from spotify_assets.sandbox.errors import bad_request, forbidden, not_found
from spotify_assets.sandbox.listening import Listener
from spotify_assets.sandbox.markets import MARKETS
from spotify_assets.sandbox.modes import Mode
from spotify_assets.sandbox.objects import Json, View
from spotify_assets.sandbox.paging import Window, page
from spotify_assets.sandbox.search import WINDOW, Kind, Query, Search
from spotify_assets.sandbox.users import profile

MAX_ARTISTS, MAX_ALBUMS, MAX_TRACKS = 50, 20, 50
PAGE_LIMIT, PAGE_DEFAULT = 50, 20
TOP_TRACKS = 10
NEW_RELEASES = 100
ALBUM_GROUPS = ("album", "single", "compilation", "appears_on")

_ID = re.compile(rf"[0-9A-Za-z]{{{ID_LENGTH}}}")
_KINDS: tuple[Kind, ...] = ("track", "artist", "album")


@dataclass(frozen=True)
class Call:
    """A request, after its token and its day were found to be good.

    ``url`` is the root of the API as the client addressed it; ``path`` holds the variable parts;
    ``scopes`` is what the user agreed to, nothing if the token is an app's. ``now`` is the Unix
    time of the sandbox in seconds: what was played until then is seen by ``reports``.
    """

    catalog: Catalog
    searches: Search
    reports: recent.Reports
    listener: Listener
    mode: Mode
    day: dt.date
    now: float
    url: str
    path: Mapping[str, str]
    params: Mapping[str, str]
    scopes: frozenset[str] = frozenset()

    @property
    def market(self) -> str | None:
        """The market asked for.

        Raises:
            ApiError: 400 if there is no such market.
        """
        market = self.params.get("market")
        if market is not None and market not in MARKETS:
            raise bad_request("Invalid market code")
        return market

    @property
    def view(self) -> View:
        """The catalog as this call sees it."""
        return View(self.catalog, self.day, self.mode, self.url, self.market)

    def window(self, default: int = PAGE_DEFAULT, most: int = PAGE_LIMIT) -> Window:
        """Read ``limit`` and ``offset``; see ``Window.asked``."""
        return Window.asked(self.params, default=default, most=most)

    def row_in(self, rows: Mapping[str, int]) -> int:
        """Return the row of the id in the path.

        Raises:
            ApiError: 400 for what is no id, 404 for one that nothing has.
        """
        name = self.path["id"]
        _check_id(name)
        if name not in rows:
            raise not_found()
        return rows[name]

    def rows_in(self, rows: Mapping[str, int], most: int) -> list[int | None]:
        """Return the row of each of ``ids``, None for an id that nothing has.

        Raises:
            ApiError: 400 for too many ids, none, or what is no id.
        """
        names = self.params.get("ids", "").split(",")
        if len(names) > most:
            raise bad_request("Too many ids requested")
        for name in names:
            _check_id(name)
        return [rows.get(name) for name in names]


def search(call: Call) -> Json:
    """Find tracks, artists and albums."""
    window = call.window(call.mode.search_default, call.mode.search_limit)
    # The real API names the parameter `query` in the links that it hands out.
    text = call.params.get("q", call.params.get("query", ""))
    if not text.strip():
        raise bad_request("No search query")
    if "type" not in call.params:
        raise bad_request("Missing parameter type")
    asked = call.params["type"].split(",")
    for kind in asked:
        if kind not in _KINDS:
            raise bad_request(f"Bad search type field {kind}")
    if window.end > WINDOW:
        raise bad_request("Invalid offset")
    return {f"{kind}s": _found(call, kind, text, window) for kind in _KINDS if kind in asked}


def _found(call: Call, kind: Kind, text: str, window: Window) -> Json:
    results = call.searches.results(kind, Query.parse(text), call.day)
    positions = results.positions[window.slice]
    view = call.view
    show = {"track": view.tracks, "artist": view.artists, "album": view.simple_albums}[kind]
    items = iter(show(row for row in positions if row is not None))
    market = {"market": view.market} if view.market else {}
    return page(
        f"{call.url}/search",
        window,
        [None if row is None else next(items) for row in positions],
        results.total,
        params={"query": text, "type": kind, **market},
        has_next=results.is_endless or window.end < results.total,
    )


def artist(call: Call) -> Json:
    """One artist."""
    return call.view.artists([call.row_in(call.catalog.artists.row_of)])[0]


def album(call: Call) -> Json:
    """One album."""
    return call.view.albums([call.row_in(call.catalog.albums.row_of)])[0]


def track(call: Call) -> Json:
    """One track."""
    return call.view.tracks([call.row_in(call.catalog.tracks.row_of)])[0]


def artists(call: Call) -> Json:
    """Several artists."""
    rows = call.rows_in(call.catalog.artists.row_of, MAX_ARTISTS)
    return {"artists": _with_gaps(rows, call.view.artists)}


def albums(call: Call) -> Json:
    """Several albums."""
    rows = call.rows_in(call.catalog.albums.row_of, MAX_ALBUMS)
    return {"albums": _with_gaps(rows, call.view.albums)}


def tracks(call: Call) -> Json:
    """Several tracks."""
    rows = call.rows_in(call.catalog.tracks.row_of, MAX_TRACKS)
    return {"tracks": _with_gaps(rows, call.view.tracks)}


def album_tracks(call: Call) -> Json:
    """A page of an album's tracks."""
    row = call.row_in(call.catalog.albums.row_of)
    tracks = call.view.album_tracks(row, call.window())
    # Here, and only here, the real API has the items second.
    return {"href": tracks["href"], "items": tracks["items"]} | tracks


def artist_albums(call: Call) -> Json:
    """A page of an artist's albums: own ones by kind, then those of others; newest first."""
    window = call.window(call.mode.artist_albums_default, call.mode.artist_albums_limit)
    row = call.row_in(call.catalog.artists.row_of)
    asked = call.params.get("include_groups", ",".join(ALBUM_GROUPS)).split(",")
    if not set(asked) <= set(ALBUM_GROUPS):
        raise bad_request("Invalid include_groups")
    groups = _album_groups(call.catalog, row)
    wanted = [(album, name) for name in ALBUM_GROUPS if name in asked for album in groups[name]]
    view = call.view
    market = {"market": view.market} if view.market else {}
    return page(
        f"{call.url}/artists/{call.path['id']}/albums",
        window,
        view.artist_albums(wanted[window.slice]),
        len(wanted),
        params={"include_groups": ",".join(asked), **market},
    )


def _album_groups(catalog: Catalog, artist: int) -> dict[str, list[int]]:
    """Return the albums of each group, newest first."""
    table = catalog.albums
    own = catalog.artist_albums[artist]
    others = np.setdiff1d(catalog.tracks.album[catalog.artist_tracks[artist]], own)
    groups = {kind.name.lower(): own[table.kind[own] == kind] for kind in AlbumKind}
    groups["appears_on"] = others
    return {
        name: albums[np.argsort(table.released[albums], kind="stable")[::-1]].tolist()
        for name, albums in groups.items()
    }


def top_tracks(call: Call) -> Json:
    """The most popular tracks of an artist on the day."""
    row = call.row_in(call.catalog.artists.row_of)
    rows = call.catalog.artist_tracks[row].astype(np.int64)
    levels = drift.levels(call.catalog.tracks, rows, call.day)
    best = rows[np.argsort(-levels, kind="stable")[:TOP_TRACKS]]
    return {"tracks": call.view.tracks(best.tolist())}


def new_releases(call: Call) -> Json:
    """The albums that were released last before the day."""
    window = call.window()
    released = call.catalog.albums.released
    rows = np.flatnonzero(released <= np.datetime64(call.day, "D"))
    newest = rows[np.argsort(released[rows], kind="stable")[::-1][:NEW_RELEASES]].tolist()
    items = call.view.simple_albums(newest[window.slice])
    return {"albums": page(f"{call.url}/browse/new-releases", window, items, len(newest))}


def markets(_call: Call) -> Json:
    """All markets."""
    return {"markets": list(MARKETS)}


def _refused(_call: Call) -> Json:
    """Only apps older than November 2024 may: the sandbox's app is not."""
    raise forbidden()


def _nothing_there(_call: Call) -> Json:
    """What the API knows and the sandbox has none of, or what has been removed."""
    raise not_found()


def me(call: Call) -> Json:
    """The profile of the user who signed in."""
    return profile(call.url, call.mode, call.scopes)


def recently_played(call: Call) -> Json:
    """A page of what the user played last, as far as the API knows by now."""
    asked = recent.Asked.read(call.params)
    reports = call.reports.newest(call.listener, call.now)
    return recent.page(call.url, asked, reports, call.catalog, call.view.tracks)


def saved_tracks(call: Call) -> Json:
    """A page of the user's saved tracks."""
    reports = call.reports.newest(call.listener, call.now)
    return library.saved_tracks(call.url, call.window(), call.view, reports)


def playlists(call: Call) -> Json:
    """A page of the user's playlists."""
    return library.playlists(call.url, call.window())


def favourites(call: Call) -> Json:
    """A page of what the user plays most."""
    most = {"artists": library.top_artists, "tracks": library.top_tracks}.get(call.path["kind"])
    if most is None:
        raise not_found()
    span = call.params.get("time_range", "medium_term")
    if span not in library.TIME_RANGES:
        raise bad_request("Invalid time range")
    reports = call.reports.newest(call.listener, call.now)
    return most(call.url, call.window(), call.view, reports, span)


def categories(call: Call) -> Json:
    """A page of the categories."""
    return library.categories(call.url, call.window(), call.catalog)


class Endpoint(NamedTuple):
    """Where an endpoint is, what answers, and whether development mode has it too.

    ``needs_user``: the token has to be a user's, and ``scope`` among what the user agreed to.
    """

    path: str
    answer: Callable[[Call], Json]
    in_development: bool
    needs_user: bool = False
    scope: str | None = None


ENDPOINTS = (
    Endpoint("/search", search, True),
    Endpoint("/artists/{id}", artist, True),
    Endpoint("/albums/{id}", album, True),
    Endpoint("/tracks/{id}", track, True),
    Endpoint("/artists", artists, False),
    Endpoint("/albums", albums, False),
    Endpoint("/tracks", tracks, False),
    Endpoint("/albums/{id}/tracks", album_tracks, True),
    Endpoint("/artists/{id}/albums", artist_albums, True),
    Endpoint("/artists/{id}/top-tracks", top_tracks, False),
    Endpoint("/browse/new-releases", new_releases, False),
    Endpoint("/markets", markets, False),
    Endpoint("/browse/categories", categories, False),
    Endpoint("/users/{id}/playlists", _nothing_there, False),
    Endpoint("/playlists/{id}/tracks", _nothing_there, False),
    Endpoint("/playlists/{id}/items", _nothing_there, True, True, "playlist-read-private"),
    Endpoint("/me", me, True, True),
    Endpoint("/me/tracks", saved_tracks, True, True, "user-library-read"),
    Endpoint("/me/playlists", playlists, True, True, "playlist-read-private"),
    Endpoint("/me/top/{kind}", favourites, True, True, "user-top-read"),
    Endpoint(recent.PATH, recently_played, True, True, "user-read-recently-played"),
    Endpoint("/me/{rest:path}", _nothing_there, True, True),
    Endpoint("/artists/{id}/related-artists", _refused, False),
    Endpoint("/audio-features", _refused, False),
    Endpoint("/audio-features/{id}", _refused, False),
    Endpoint("/audio-analysis/{id}", _refused, False),
    Endpoint("/recommendations", _nothing_there, True),
    # Unconfirmed for the real API: 403 or 404.
    Endpoint("/recommendations/available-genre-seeds", _nothing_there, True),
)


def count_items(answer: Json) -> int | None:
    """Return how many items are on the pages or in the batch; None for a single object."""
    if "type" in answer:
        return None
    if "items" in answer:
        return len(answer["items"])
    parts = answer.values()
    return sum(len(part["items"] if isinstance(part, dict) else part) for part in parts)


def _check_id(name: str) -> None:
    if not _ID.fullmatch(name):
        raise bad_request("Invalid base62 id")


def _with_gaps(rows: list[int | None], show: Callable[[list[int]], list[Json]]) -> list[Any]:
    objects = iter(show([row for row in rows if row is not None]))
    return [None if row is None else next(objects) for row in rows]
