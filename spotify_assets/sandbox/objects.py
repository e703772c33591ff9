"""JSON objects of the Web API, made of rows of the catalog as one request sees them.

The order of keys is that of the real API. What does not belong here: which rows are asked for.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from spotify_assets.sandbox import drift, markets
from spotify_assets.sandbox.columns import AlbumKind, Catalog, Precision, Ragged, Rows
from spotify_assets.sandbox.draws import Ints, Keys, below, numbers, uniform
from spotify_assets.sandbox.modes import Mode
from spotify_assets.sandbox.names import LABELS
from spotify_assets.sandbox.paging import Window, page

Json = dict[str, Any]

EMBEDDED_TRACKS = 50
"""Tracks that an album's own object lists; more are on pages of their own."""

_ALBUM_IMAGES = (
    ("ab67616d0000b273", 640),  # pragma: allowlist secret
    ("ab67616d00001e02", 300),  # pragma: allowlist secret
    ("ab67616d00004851", 64),  # pragma: allowlist secret
)
_ARTIST_IMAGES = (("ab6761610000e5eb", 640), ("ab67616100005174", 320), ("ab6761610000f178", 160))
_PRECISION_LENGTHS = {Precision.DAY: 10, Precision.MONTH: 7, Precision.YEAR: 4}
_NO_EXTERNAL_ID_SHARE = 0.02
_REGISTRANTS = ("BRUM7", "BRSME", "USUM7", "GBARL", "ESUM7", "JPPO0", "KRA38", "QZES6", "FR9W1")


@dataclass(frozen=True)
class View:
    """The catalog on a day, in a market, in a mode, at an address.

    ``url`` is the root of the API, such as ``http://127.0.0.1:8765/v1``.
    """

    catalog: Catalog
    day: dt.date
    mode: Mode
    url: str
    market: str | None = None

    def tracks(self, rows: Iterable[int]) -> list[Json]:
        """Return full track objects, each with its album."""
        table, tracks = self.catalog.tracks, _array(rows)
        albums = table.album[tracks].astype(np.int64)
        popularity = drift.popularity(table, tracks, self.day).tolist()
        codes = isrcs(table.keys[tracks], self.catalog.albums.year[albums])
        return [
            self._shown(
                {
                    "album": album,
                    "artists": track.artists,
                    "available_markets": track.markets,
                    "disc_number": track.disc,
                    "duration_ms": track.duration_ms,
                    "explicit": track.explicit,
                    "external_ids": {"isrc": isrc} if isrc else {},
                    **self._links("track", track.id),
                    "is_local": False,
                    "is_playable": track.is_playable,
                    "name": track.name,
                    "popularity": level,
                    "preview_url": None,
                    "track_number": track.number,
                    "type": "track",
                    "uri": f"spotify:track:{track.id}",
                }
            )
            for track, album, level, isrc in zip(
                self._track_cells(tracks),
                self._albums_of_tracks(albums),
                popularity,
                codes,
                strict=True,
            )
        ]

    def simple_tracks(self, rows: Iterable[int]) -> list[Json]:
        """Return track objects as albums list them."""
        return [
            self._shown(
                {
                    "artists": track.artists,
                    "available_markets": track.markets,
                    "disc_number": track.disc,
                    "duration_ms": track.duration_ms,
                    "explicit": track.explicit,
                    **self._links("track", track.id),
                    "is_playable": track.is_playable,
                    "name": track.name,
                    "preview_url": None,
                    "track_number": track.number,
                    "type": "track",
                    "uri": f"spotify:track:{track.id}",
                    "is_local": False,
                }
            )
            for track in self._track_cells(_array(rows))
        ]

    def artists(self, rows: Iterable[int]) -> list[Json]:
        """Return full artist objects."""
        table, artists = self.catalog.artists, _array(rows)
        names = drift.artist_names(table, artists, self.day)
        popularity = drift.popularity(table, artists, self.day).tolist()
        followers = drift.followers(table, artists, self.day).tolist()
        pictures = _pictures(table.keys[artists])
        return [
            self._shown(
                {
                    "external_urls": _external_urls("artist", table.ids[row]),
                    "followers": {"href": None, "total": total},
                    "genres": self._genres(row),
                    "href": f"{self.url}/artists/{table.ids[row]}",
                    "id": table.ids[row],
                    "images": [_image(f"{kind}{picture}", size) for kind, size in _ARTIST_IMAGES],
                    "name": name,
                    "popularity": level,
                    "type": "artist",
                    "uri": f"spotify:artist:{table.ids[row]}",
                }
            )
            for row, name, level, total, picture in zip(
                artists.tolist(), names, popularity, followers, pictures, strict=True
            )
        ]

    def simple_albums(self, rows: Iterable[int]) -> list[Json]:
        """Return album objects as lists of albums have them."""
        return [
            self._shown(self._album(album) | {"artists": album.artists})
            for album in self._album_cells(_array(rows))
        ]

    def artist_albums(self, groups: Iterable[tuple[int, str]]) -> list[Json]:
        """Return the albums of an artist, each with its ``album_group``."""
        groups = list(groups)
        albums = self.simple_albums(row for row, _ in groups)
        return [
            self._shown(album | {"album_group": group})
            for album, (_, group) in zip(albums, groups, strict=True)
        ]

    def albums(self, rows: Iterable[int]) -> list[Json]:
        """Return full album objects, each with its first tracks."""
        table, albums = self.catalog.albums, _array(rows)
        keys = table.keys[albums]
        popularity = drift.popularity(table, albums, self.day).tolist()
        labels = [LABELS[place] for place in below(keys, "label", len(LABELS)).tolist()]
        return [
            self._shown(
                self._album(album)
                | {
                    "artists": album.artists,
                    "tracks": self.album_tracks(album.row, Window(0, EMBEDDED_TRACKS)),
                    "copyrights": [
                        {"text": f"{album.release_date[:4]} {label}", "type": kind} for kind in "CP"
                    ],
                    "external_ids": {"upc": upc} if upc else {},
                    "genres": [],
                    "label": label,
                    "popularity": level,
                }
            )
            for album, label, level, upc in zip(
                self._album_cells(albums), labels, popularity, _upcs(keys), strict=True
            )
        ]

    def album_tracks(self, row: int, window: Window) -> Json:
        """Return a page of an album's tracks."""
        tracks = self.catalog.album_tracks[row].tolist()
        return page(
            f"{self.url}/albums/{self.catalog.albums.ids[row]}/tracks",
            window,
            self.simple_tracks(tracks[window.slice]),
            len(tracks),
            params={"market": self.market} if self.market else None,
        )

    def _albums_of_tracks(self, rows: Rows) -> list[Json]:
        """Return album objects as tracks carry them: the same keys in another order."""
        return [
            self._shown(
                {
                    "album_type": album.kind,
                    "artists": album.artists,
                    "available_markets": album.markets,
                    **self._links("album", album.id),
                    "images": [
                        {"height": image["height"], "width": image["width"], "url": image["url"]}
                        for image in album.images
                    ],
                    "is_playable": True,
                    "name": album.name,
                    "release_date": album.release_date,
                    "release_date_precision": album.precision,
                    "total_tracks": album.total_tracks,
                    "type": "album",
                    "uri": f"spotify:album:{album.id}",
                }
            )
            for album in self._album_cells(rows)
        ]

    def _album(self, album: "_AlbumCells") -> Json:
        return {
            "album_type": album.kind,
            "total_tracks": album.total_tracks,
            "available_markets": album.markets,
            **self._links("album", album.id),
            "images": album.images,
            "is_playable": True,
            "name": album.name,
            "release_date": album.release_date,
            "release_date_precision": album.precision,
            "type": "album",
            "uri": f"spotify:album:{album.id}",
        }

    def _track_cells(self, rows: Rows) -> Iterator["_TrackCells"]:
        table = self.catalog.tracks
        keys = table.keys[rows]
        return map(
            _TrackCells,
            [table.ids[row] for row in rows.tolist()],
            drift.track_names(table, rows, self.day),
            self._casts(table.artists.take(rows)),
            markets.available(keys),
            markets.playable(keys, self.market or ""),
            table.disc[rows].tolist(),
            table.number[rows].tolist(),
            table.duration_ms[rows].tolist(),
            table.explicit[rows].tolist(),
        )

    def _album_cells(self, rows: Rows) -> Iterator["_AlbumCells"]:
        table = self.catalog.albums
        keys = table.keys[rows]
        precisions = [Precision(code) for code in table.precision[rows].tolist()]
        dates = np.datetime_as_string(table.released[rows], unit="D").tolist()
        return map(
            _AlbumCells,
            rows.tolist(),
            [table.ids[row] for row in rows.tolist()],
            [table.names[row] for row in rows.tolist()],
            [AlbumKind(code).name.lower() for code in table.kind[rows].tolist()],
            self._casts(Ragged.of_one_each(table.artist[rows])),
            markets.available(keys),
            [
                [_image(f"{kind}{picture}", size) for kind, size in _ALBUM_IMAGES]
                for picture in _pictures(keys)
            ],
            [
                date[: _PRECISION_LENGTHS[precision]]
                for date, precision in zip(dates, precisions, strict=True)
            ],
            [precision.name.lower() for precision in precisions],
            self.catalog.album_tracks.lengths_of(rows).tolist(),
        )

    def _casts(self, artists: Ragged) -> list[list[Json]]:
        """Return simple artist objects for each list of artists."""
        ids = self.catalog.artists.ids
        rows, places = np.unique(artists.values, return_inverse=True)
        names = drift.artist_names(self.catalog.artists, rows.astype(np.int64), self.day)
        objects = [
            {
                **self._links("artist", ids[row]),
                "name": name,
                "type": "artist",
                "uri": f"spotify:artist:{ids[row]}",
            }
            for row, name in zip(rows.tolist(), names, strict=True)
        ]
        starts = artists.starts.tolist()
        return [
            [objects[place] for place in places[start:end].tolist()]
            for start, end in pairwise(starts)
        ]

    def _genres(self, artist: int) -> list[str]:
        table = self.catalog.artists
        if not table.shows_genres[artist]:
            return []
        return [self.catalog.genres[genre] for genre in table.genres[artist].tolist()]

    def _links(self, kind: str, name: str) -> Json:
        return {
            "external_urls": _external_urls(kind, name),
            "href": f"{self.url}/{kind}s/{name}",
            "id": name,
        }

    def _shown(self, item: Json) -> Json:
        """Leave out the keys that the mode hides, or that only come with or without a market."""
        hidden = self.mode.hidden[item["type"]]
        other = "available_markets" if self.market else "is_playable"
        return {key: value for key, value in item.items() if key != other and key not in hidden}


class _TrackCells(NamedTuple):
    """What all track objects have, whatever their order of keys."""

    id: str
    name: str
    artists: list[Json]
    markets: list[str]
    is_playable: bool
    disc: int
    number: int
    duration_ms: int
    explicit: bool


class _AlbumCells(NamedTuple):
    """What all album objects have, whatever their order of keys."""

    row: int
    id: str
    name: str
    kind: str
    artists: list[Json]
    markets: list[str]
    images: list[Json]
    release_date: str
    precision: str
    total_tracks: int


def _array(rows: Iterable[int]) -> Rows:
    return np.fromiter(rows, dtype=np.int64)


def _external_urls(kind: str, name: str) -> Json:
    return {"spotify": f"https://open.spotify.com/{kind}/{name}"}


def _image(name: str, size: int) -> Json:
    return {"url": f"https://i.scdn.co/image/{name}", "height": size, "width": size}


def _pictures(keys: Keys) -> list[str]:
    """Return the 24 hexadecimal digits that tell one picture from another."""
    first, second = numbers(keys, "picture").tolist(), numbers(keys, "picture, too").tolist()
    return [f"{a:016x}{b:016x}"[:24] for a, b in zip(first, second, strict=True)]


def isrcs(keys: Keys, years: Ints) -> list[str | None]:
    """Return the ISRC of each track by its key and its year of release; None where it has none."""
    return [
        None
        if luck < _NO_EXTERNAL_ID_SHARE
        else f"{_REGISTRANTS[number % len(_REGISTRANTS)]}"
        f"{year % 100:02d}{number // len(_REGISTRANTS) % 100_000:05d}"
        for luck, number, year in zip(
            uniform(keys, "has an ISRC").tolist(),
            numbers(keys, "ISRC").tolist(),
            years.tolist(),
            strict=True,
        )
    ]


def _upcs(keys: Keys) -> list[str | None]:
    return [
        None if luck < _NO_EXTERNAL_ID_SHARE else f"{number % 10**12:012d}"
        for luck, number in zip(
            uniform(keys, "has a UPC").tolist(), numbers(keys, "UPC").tolist(), strict=True
        )
    ]
