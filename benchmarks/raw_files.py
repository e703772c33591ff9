"""Program: makes lakes of raw files out of the track objects of the sandbox.

``python -m benchmarks.raw_files <folder> <tracks>`` writes the same objects four times: in files of
1,000 and of 10,000, and in files of 1,000 where one object of each is corrupted, in two ways. It
prints the uncompressed bytes of each lake as JSON.
"""

import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotify_assets.lake import GenreDay, Lake
from spotify_assets.lake.exchanges import Request, Response, encode
from spotify_assets.lake.journal import CollectionParameters
from spotify_assets.lake.raw import RawPartition
from spotify_assets.sandbox import catalog
from spotify_assets.sandbox.modes import MODES
from spotify_assets.sandbox.objects import View

Json = dict[str, Any]
Page = list[Any]
Spoil = Callable[[Json], Any]

SMALL_FILE, LARGE_FILE, PAGE = 1000, 10_000, 50
CLEAN, LARGE, VALUES, SHAPES = "clean", "large", "values", "shapes"
LAKES = (CLEAN, LARGE, VALUES, SHAPES)
GENRES = 50
FIRST_DAY = dt.date(2026, 1, 1)
ANSWERED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SPOILED_AT = 517
"""Which object of a file is corrupted: somewhere in the middle."""

WRONG_VALUES: tuple[Spoil, ...] = (
    lambda _track: None,
    lambda track: {**track, "popularity": str(track["popularity"])},
    lambda track: {**track, "duration_ms": track["duration_ms"] + 0.5},
)
"""The item is there as an object, or null: the files can still be read by their shape."""
WRONG_SHAPES: tuple[Spoil, ...] = (
    lambda track: track["uri"],
    lambda track: {**track, "album": [track["album"]]},
    lambda track: {**track, "artists": track["artists"][0]},
)
"""A list or a value where an object should be, or the other way round."""


def main() -> None:
    """Make them, with two processes."""
    folder, tracks = Path(sys.argv[1]), int(sys.argv[2])
    sizes: Counter[str] = Counter()
    with ProcessPoolExecutor(2) as pool:
        for made in pool.map(partial(_make, folder, tracks), range(tracks // LARGE_FILE)):
            sizes.update(made)
    print(json.dumps(sizes))


def _make(folder: Path, tracks: int, number: int) -> Counter[str]:
    """One large file, and the small ones that hold the same; returns the bytes of each lake."""
    rows = _order(tracks)[number * LARGE_FILE :][:LARGE_FILE]
    objects = _view(tracks).tracks(rows.tolist())
    sizes: Counter[str] = Counter()
    sizes[LARGE] += _seal(folder / LARGE, number, [*map(_line, range(200), _pages(objects))])
    files = LARGE_FILE // SMALL_FILE
    for place in range(files):
        small = number * files + place
        own = objects[place * SMALL_FILE :][:SMALL_FILE]
        lines = [*map(_line, range(SMALL_FILE // PAGE), _pages(own))]
        sizes[CLEAN] += _seal(folder / CLEAN, small, lines)
        for lake, ways in ((VALUES, WRONG_VALUES), (SHAPES, WRONG_SHAPES)):
            corrupted = _corrupted(lines, own, ways[small % len(ways)])
            sizes[lake] += _seal(folder / lake, small, corrupted)
    return sizes


@cache
def _view(tracks: int) -> View:
    music = catalog.generate(seed=1, tracks=tracks)
    return View(music, FIRST_DAY, MODES["extended"], "http://127.0.0.1:8765/v1", "BR")


@cache
def _order(tracks: int) -> NDArray[np.int64]:
    """A search does not list albums from their first track to the last, as the catalog does."""
    return np.random.default_rng(1).permutation(tracks)


def _pages(objects: Page) -> list[Page]:
    return [objects[start : start + PAGE] for start in range(0, len(objects), PAGE)]


def _corrupted(lines: list[bytes], objects: Page, spoil: Spoil) -> list[bytes]:
    page, place = divmod(SPOILED_AT, PAGE)
    items = _pages(objects)[page]
    items[place] = spoil(items[place])
    return [*lines[:page], _line(page, items), *lines[page + 1 :]]


def _line(page: int, items: Page) -> bytes:
    offset = page * PAGE
    listed = {
        "href": "http://127.0.0.1:8765/v1/search",
        "items": items,
        "limit": PAGE,
        "next": None,
        "offset": offset,
        "previous": None,
        "total": SMALL_FILE,
    }
    body = json.dumps({"tracks": listed}, ensure_ascii=False, separators=(",", ":")).encode()
    asked: dict[str, str | int] = {"q": "genre", "type": "track", "limit": PAGE, "offset": offset}
    return encode(
        page + 1, Request("search", "search", asked), Response(200, {}, body, ANSWERED_AT, 1)
    )


def _seal(root: Path, number: int, lines: list[bytes]) -> int:
    lake = Lake(root)
    day = FIRST_DAY + dt.timedelta(days=number // GENRES)
    partition = RawPartition(lake, GenreDay(f"genre-{number % GENRES:02}", day))
    terms = CollectionParameters("sandbox", "BR", 0, SMALL_FILE)
    with partition.journal(terms) as journal:
        # Not by `append`: it would wait for the disk after each of the lines.
        journal.path.write_bytes(b"".join(lines))
    with partition.journal(terms) as journal:
        return partition.seal(journal).bytes


if __name__ == "__main__":
    main()
