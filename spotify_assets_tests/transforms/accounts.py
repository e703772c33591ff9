"""What `process` must account for, counted from the answers by plain Python."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import polars as pl

from spotify_assets.schemas import PROCESSED
from spotify_assets.schemas.catalog import processed
from spotify_assets_tests.transforms.answers import Answer

Tables = dict[str, pl.DataFrame]
Read = Callable[..., Tables]
"""Answers of one genre-day → their tables: the fixture `read`."""

LISTS: dict[str, list[tuple[str, tuple[str, ...], str]]] = {
    "search": [
        ("artist", ("artists", "items"), ""),
        ("track", ("tracks", "items"), ""),
        ("album", ("albums", "items"), ""),
    ],
    "artists": [("artist", ("artists",), "")],
    "albums": [("album", ("albums",), "")],
    "tracks": [("track", ("tracks",), "")],
    "artist_top_tracks": [("track", ("tracks",), "")],
    "artist_albums": [("album", ("items",), "")],
    "album": [("track", ("tracks", "items"), "")],
    "album_tracks": [("track", ("items",), "")],
    "top_artists": [("artist", ("items",), "")],
    "top_tracks": [("track", ("items",), "")],
    "saved_tracks": [("track", ("items",), "track")],
    "recently_played": [("track", ("items",), "track")],
    "playlist_items": [("track", ("items",), "track")],
}
"""Where the endpoints keep their lists: written down once more, from Spotify's reference."""
SINGLE = {"artist": "artist", "track": "track", "album": "album"}


def objects(answer: Answer) -> Iterator[tuple[str, Any]]:
    """``(kind, object)`` for each artist, album and track in an answer, credits included."""
    if answer.status != 200:
        return
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return
    if answer.endpoint in SINGLE:
        yield from _with_inner(SINGLE[answer.endpoint], body)
    for kind, path, inner in LISTS.get(answer.endpoint, []):
        for item in _list_at(body, path):
            thing = _get(item, inner) if inner else item
            yield from _with_inner(kind, thing)


def received(answers: Iterable[Answer]) -> dict[str, int]:
    """Objects as `Reconciliation` counts them; but for credits, of which kept tracks' count."""
    answers = list(answers)
    kinds = Counter(kind for one in answers for kind, _ in objects(one))
    searched = [one for one in answers if one.endpoint == "search"]
    hits = sum(
        len(_list_at(_body(one), path)) for one in searched for _, path, _ in LISTS["search"]
    )
    return {
        "artists": kinds["artist"],
        "albums": kinds["album"],
        "tracks": kinds["track"],
        "search_results": hits,
    }


def assert_adds_up(tables: Tables, genre: str) -> None:
    """Of one genre: received = kept + duplicate + quarantined, and both are what is stored."""
    rows = tables["processed.reconciliation"].filter(genre=genre)
    assert rows.height == len(PROCESSED) - 3
    quarantined = Counter(tables["quarantine.rows"].filter(genre=genre)["table_name"])
    for row in rows.iter_rows(named=True):
        name = row["table_name"]
        assert row["received"] == row["kept"] + row["duplicate"] + row["quarantined"], row
        assert row["duplicate"] >= 0, row
        assert row["kept"] == tables[f"processed.{name}"].filter(genre=genre).height, row
        assert row["quarantined"] == quarantined.pop(name, 0), row
    quarantined.pop("responses", None)
    assert not quarantined


def assert_keeps_contracts(tables: Tables) -> None:
    assert set(tables) == {contract.table() for contract in PROCESSED}
    for contract in PROCESSED:
        contract.validate(tables[contract.table()])
        key = list(contract.key())
        assert not tables[contract.table()].select(key).is_duplicated().any(), contract


def assert_every_credit_is_of_a_kept_track(tables: Tables) -> None:
    (columns,) = processed.TrackArtists.references()
    credited = tables["processed.track_artists"]
    assert credited.join(tables["processed.tracks"], on=list(columns), how="anti").is_empty()


def reconciliation(tables: Tables, genre: str, column: str = "received") -> dict[str, int]:
    rows = tables["processed.reconciliation"].filter(genre=genre)
    return dict(zip(rows["table_name"], rows[column], strict=True))


def of(tables: Tables, genre: str) -> Tables:
    """The rows of one genre."""
    return {name: rows.filter(genre=genre) for name, rows in tables.items()}


def _with_inner(kind: str, thing: Any) -> Iterator[tuple[str, Any]]:
    yield kind, thing
    if kind == "track" and _get(thing, "album") is not None:
        yield from _with_inner("album", _get(thing, "album"))
    if kind in ("track", "album"):
        for one in _list_at(thing, ("artists",)):
            yield "artist", one


def _body(answer: Answer) -> Any:
    try:
        return json.loads(answer.body) if answer.status == 200 else None
    except (ValueError, RecursionError):
        return None


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else None


def _list_at(thing: Any, path: tuple[str, ...]) -> list[Any]:
    for name in path:
        thing = _get(thing, name)
    return thing if isinstance(thing, list) else []
