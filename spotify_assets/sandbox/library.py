"""What a user has: saved tracks, playlists, favourites; and the categories of the catalog.

The library is what the listener played last: there is no other memory of the user. What does not
belong here: who may ask (``endpoints``), and the plays themselves (``recently_played``).
"""

from collections import Counter
from collections.abc import Iterable

from spotify_assets.sandbox.columns import Catalog
from spotify_assets.sandbox.draws import identifiers, keys_of
from spotify_assets.sandbox.objects import Json, View
from spotify_assets.sandbox.paging import Window, page
from spotify_assets.sandbox.recently_played import Report

TIME_RANGES = ("short_term", "medium_term", "long_term")


def saved_tracks(url: str, window: Window, view: View, reports: list[Report]) -> Json:
    """A page of the tracks that were played last, each once, the latest first."""
    last: dict[int, Report] = {}
    for report in reports:
        last.setdefault(report.track, report)
    shown = list(last.values())[window.slice]
    tracks = view.tracks([one.track for one in shown])
    items = [
        {"added_at": f"{one.time[:19]}Z", "track": track}
        for one, track in zip(shown, tracks, strict=True)
    ]
    return page(f"{url}/me/tracks", window, items, len(last))


def playlists(url: str, window: Window) -> Json:
    """A page of no playlists: the listener has none."""
    return page(f"{url}/me/playlists", window, [], 0)


def top_tracks(url: str, window: Window, view: View, reports: list[Report], span: str) -> Json:
    """A page of the tracks that were played most."""
    rows = _most(report.track for report in reports)
    items = view.tracks(rows[window.slice])
    params = {"time_range": span}
    return page(f"{url}/me/top/tracks", window, items, len(rows), params=params)


def top_artists(url: str, window: Window, view: View, reports: list[Report], span: str) -> Json:
    """A page of the main artists that were played most."""
    cast = view.catalog.tracks.artists
    rows = _most(int(cast[report.track][0]) for report in reports)
    items = view.artists(rows[window.slice])
    params = {"time_range": span}
    return page(f"{url}/me/top/artists", window, items, len(rows), params=params)


def categories(url: str, window: Window, catalog: Catalog) -> Json:
    """A page of categories: the genres of the catalog."""
    names = list(catalog.genre_of)
    ids = identifiers(keys_of(names)) if names else []
    items = [
        {"href": f"{url}/browse/categories/{key}", "icons": [], "id": key, "name": name.title()}
        for key, name in list(zip(ids, names, strict=True))[window.slice]
    ]
    return {"categories": page(f"{url}/browse/categories", window, items, len(names))}


def _most(rows: Iterable[int]) -> list[int]:
    """Each once, those that come most often first; else in the order they came."""
    return [row for row, _ in Counter(rows).most_common()]
