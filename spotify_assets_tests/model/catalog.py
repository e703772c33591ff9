"""catalog.md, "Which candidates each table has": ``processed`` and ``quarantine``."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from spotify_assets_tests.model import values as v
from spotify_assets_tests.model.mentions import (
    OK,
    Mention,
    credits_of,
    entries,
    is_number,
    mentions,
    missing_lists,
    page,
    readable,
)
from spotify_assets_tests.model.raw import UNREADABLE, Collection, Response

Row = dict[str, Any]
Tables = dict[str, list[Row]]
MAX_DEPTH = 1000
EMPTY_PAGES = 3
INT32, INT64 = 2**31 - 1, 2**63 - 1


def artist(value: Any) -> Row:
    """The columns of a full artist object."""
    return {
        **credit(value),
        "popularity": v.nullable(v.whole(0, 100))(v.at(value, "popularity")),
        "followers": v.nullable(v.whole(0, INT64))(v.at(value, "followers", "total")),
        "spotify_genres": v.nullable(v.texts)(v.at(value, "genres")),
        "is_full": True,
    }


def credit(value: Any) -> Row:
    """The columns of an artist that is named on a track or an album."""
    return {
        "artist_id": v.spotify_id(v.at(value, "id")),
        "name": v.text(v.at(value, "name")),
        "popularity": None,
        "followers": None,
        "spotify_genres": None,
        "is_full": False,
    }


def album(value: Any) -> Row:
    """The columns of an album."""
    date = v.release_date(v.at(value, "release_date"))
    precision = v.one_of(*v.LENGTHS)(v.at(value, "release_date_precision"))
    artists = v.at(value, "artists")
    return {
        "album_id": v.spotify_id(v.at(value, "id")),
        "name": v.text(v.at(value, "name")),
        "album_type": v.nullable(v.one_of(*v.ALBUM_TYPES))(v.at(value, "album_type")),
        "release_date": date,
        "release_date_precision": precision,
        "released_from": v.released_from(date, precision),
        "total_tracks": v.nullable(v.whole(0, INT32))(v.at(value, "total_tracks")),
        "artist_ids": None if artists is None else [v.at(one, "id") for one in artists],
    }


def track(value: Any) -> Row:
    """The columns of a track."""
    return {
        "track_id": v.spotify_id(v.at(value, "id")),
        "name": v.text(v.at(value, "name")),
        "album_id": v.nullable(v.spotify_id)(v.at(value, "album", "id")),
        "popularity": v.nullable(v.whole(0, 100))(v.at(value, "popularity")),
        "duration_ms": v.whole(0, INT64)(v.at(value, "duration_ms")),
        "is_explicit": v.nullable(v.flag)(v.at(value, "explicit")),
        "disc_number": v.nullable(v.whole(1, INT32))(v.at(value, "disc_number")),
        "track_number": v.nullable(v.whole(1, INT32))(v.at(value, "track_number")),
        "isrc": v.nullable(v.text)(v.at(value, "external_ids", "isrc")),
        "is_playable": v.nullable(v.flag)(v.at(value, "is_playable")),
    }


@dataclass
class Account:
    """What became of the candidates of a table."""

    received: int = 0
    kept: list[tuple[Row, Mention]] = field(default_factory=list)
    quarantined: list[Mention] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        candidates: Iterable[Mention],
        typed: Callable[[Mention], Row],
        key: Callable[[Row], object],
    ) -> "Account":
        """The first good mention of each key is kept; a broken one wins nothing."""
        account, seen = cls(), set()
        for mention in candidates:
            account.received += 1
            try:
                row = typed(mention)
            except v.BrokenError:
                account.quarantined.append(mention)
                continue
            if key(row) not in seen:
                seen.add(key(row))
                account.kept.append((row, mention))
        return account


def accounts(collection: Collection) -> dict[str, Account]:
    """The account of each of the five tables of a genre-day."""
    found = mentions(collection)
    full = [mention for mention in found if mention.kind == "artist"]
    # After all of these the credits: so a full object wins over every credit.
    credited = [mention for mention in found if mention.kind == "credit"]
    tracks = Account.of(
        (mention for mention in found if mention.kind == "track"),
        lambda mention: track(mention.value),
        lambda row: row["track_id"],
    )
    return {
        "artists": Account.of(
            [*full, *credited],
            lambda mention: (artist if mention.kind == "artist" else credit)(mention.value),
            lambda row: row["artist_id"],
        ),
        "albums": Account.of(
            (mention for mention in found if mention.kind == "album"),
            lambda mention: album(mention.value),
            lambda row: row["album_id"],
        ),
        "tracks": tracks,
        "track_artists": Account.of(
            (one for _, mention in tracks.kept for one in credits_of(mention)),
            _track_artist(tracks),
            lambda row: (row["track_id"], row["position"]),
        ),
        "search_results": Account.of(
            (mention for mention in found if mention.position is not None),
            _search_result,
            lambda row: (row["kind"], row["position"]),
        ),
    }


def _track_artist(tracks: Account) -> Callable[[Mention], Row]:
    """The credit of a kept mention; `position` counts from 1, broken ones too."""
    of_mention = {(one.line, one.pointer): row["track_id"] for row, one in tracks.kept}

    def typed(mention: Mention) -> Row:
        track_pointer, _, place = mention.pointer.rpartition("/artists/")
        return {
            "track_id": of_mention[mention.line, track_pointer],
            "position": int(place) + 1,
            "artist_id": v.spotify_id(v.at(mention.value, "id")),
        }

    return typed


def _search_result(mention: Mention) -> Row:
    """Of the object only its id must be good."""
    identity = v.spotify_id(v.at(mention.value, "id"))
    return {"kind": mention.kind, "position": mention.position, "id": identity}


def _collection(collection: Collection) -> Row:
    refused = [one for one in collection.responses if one.status != OK]
    unreadable = [
        one for one in collection.responses if one.status == OK and one.body is UNREADABLE
    ]
    return {
        "source": collection.source,
        "market": collection.market,
        "artists_wanted": collection.artists_wanted,
        "tracks_wanted": collection.tracks_wanted,
        "artists_asked": asked(collection, "artist"),
        "tracks_asked": asked(collection, "track"),
        "responses": len(collection.responses),
        "refused_responses": len(refused),
        "unreadable_responses": len(unreadable),
        "source_file": collection.source_file,
        "is_complete": is_complete(collection),
    }


def asked(collection: Collection, kind: str) -> int:
    """How deep was asked: the positions of its pages, from 1 on without a hole."""
    reached = 0
    for offset, limit, _ in _pages(collection, kind):
        if offset <= reached:
            reached = max(reached, offset + limit)
    return reached


def _pages(collection: Collection, kind: str) -> list[tuple[int, int, Response]]:
    """Offset and limit of the pages of the search that hold a list of that kind, by offset."""
    found = [
        (int(response.params["offset"]), int(response.params["limit"]), response)
        for response in readable(collection)
        if response.endpoint == "search" and entries(response, kind) is not None
    ]
    # Of several answers the last one; sorting leaves them in the order in which they came.
    return sorted(found, key=lambda page: page[0])


def is_complete(collection: Collection) -> bool:
    """Whether all came that was asked for or promised."""
    missing = {line for line, _ in missing_lists(collection)}
    whole: dict[str, bool] = {}
    for response in collection.responses:
        if response.status == OK:
            question = json.dumps([response.endpoint, response.params], sort_keys=True)
            is_whole = response.line not in missing and _has_all(response)
            whole[question] = whole.get(question, False) or is_whole
    return all(whole.values()) and not any(
        ended_early(collection, kind, wanted)
        for kind, wanted in (
            ("artist", collection.artists_wanted),
            ("track", collection.tracks_wanted),
        )
    )


def _has_all(response: Response) -> bool:
    """An answer to `artists` has as many elements as there were `ids`."""
    if response.endpoint != "artists":
        return True
    asked_for = str(response.params["ids"]).split(",")
    return len(entries(response, "artist") or []) == len(asked_for)


def ended_early(collection: Collection, kind: str, wanted: int) -> bool:
    """Whether the last page promises more, though fewer than were wanted are there."""
    pages = _pages(collection, kind)
    if not pages:
        return False
    offset, limit, last = pages[-1]
    items = entries(last, kind) or []
    total = page(last, kind).get("total")
    promises = (
        len(items) >= limit
        or page(last, kind).get("next") is not None
        or (is_number(total) and total > offset + len(items))
    )
    shown = {
        str(value["id"])
        for _, _, response in pages
        for _, _, value in entries(response, kind) or []
        if isinstance(value, dict) and value.get("id") is not None
    }
    has_ended = len(pages) >= EMPTY_PAGES and not any(
        entries(response, kind) for _, _, response in pages[-EMPTY_PAGES:]
    )
    is_room = offset + 2 * limit <= MAX_DEPTH
    return promises and len(shown) < min(wanted, MAX_DEPTH) and is_room and not has_ended


def processed(collections: Iterable[Collection]) -> Tables:
    """The tables of the layers `processed` and `quarantine` of all genre-days."""
    tables: Tables = {
        f"processed.{name}": []
        for name in (
            "extracts",
            "reconciliation",
            "artists",
            "albums",
            "tracks",
            "track_artists",
            "search_results",
        )
    }
    tables["quarantine.rows"] = []
    for collection in collections:
        here = {"genre": collection.genre, "date": collection.date}
        tables["processed.extracts"].append({**here, **_collection(collection)})
        aside = [("responses", *place) for place in missing_lists(collection)]
        for name, account in accounts(collection).items():
            for row, mention in account.kept:
                source = {"source_file": collection.source_file, "source_line": mention.line}
                tables[f"processed.{name}"].append({**here, **row, **source})
            aside += [(name, mention.line, mention.pointer) for mention in account.quarantined]
            tables["processed.reconciliation"].append(
                {
                    **here,
                    "table_name": name,
                    "received": account.received,
                    "kept": len(account.kept),
                    "quarantined": len(account.quarantined),
                    "duplicate": account.received - len(account.kept) - len(account.quarantined),
                }
            )
        tables["quarantine.rows"] += [
            {
                **here,
                "table_name": name,
                "source_file": collection.source_file,
                "source_line": line,
                "source_pointer": pointer,
            }
            for name, line, pointer in aside
        ]
    return tables
