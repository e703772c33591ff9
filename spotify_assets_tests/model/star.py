"""catalog.md, "Star schema": dimensions, versions, their keys, facts."""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from spotify_assets_tests.model.catalog import Row, Tables

OF_TRACK = ("name", "album_id", "duration_ms", "is_explicit", "isrc")
OF_ARTIST = ("name",)
DAY = dt.timedelta(days=1)
KEY_DIGITS = 15
SATURDAY = 6


def dim_date(tables: Tables) -> list[Row]:
    """Every day from the first to the last of `processed.extracts`."""
    dates = [row["date"] for row in tables["processed.extracts"]]
    if not dates:
        return []
    count = (max(dates) - min(dates)).days + 1
    return [_calendar(min(dates) + number * DAY) for number in range(count)]


def _calendar(date: dt.date) -> Row:
    return {
        "date": date,
        "year": date.year,
        "quarter": (date.month + 2) // 3,
        "month": date.month,
        "day": date.day,
        "iso_week": date.isocalendar().week,
        "weekday": date.isoweekday(),
        "is_weekend": date.isoweekday() >= SATURDAY,
    }


def dim_genre(tables: Tables) -> list[Row]:
    """Each genre of `processed.extracts`."""
    dates = defaultdict(list)
    for row in tables["processed.extracts"]:
        dates[row["genre"]].append(row["date"])
    return [
        {
            "genre": genre,
            "first_date": min(those),
            "last_date": max(those),
            "days_collected": len(those),
        }
        for genre, those in dates.items()
    ]


def one_word_a_day(rows: list[Row], key: str) -> dict[str, dict[dt.date, Row]]:
    """By id and day: of an artist a full object first, then the first genre."""
    found: dict[str, dict[dt.date, Row]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (not row.get("is_full", True), row["genre"])):
        found[row[key]].setdefault(row["date"], row)
    return found


def versions(key: str, this: str, seen: dict[dt.date, Row], attributes: Sequence[str]) -> list[Row]:
    """The days of an id in order; a version begins where any attribute differs."""
    found: list[Row] = []
    for date in sorted(seen):
        values = {name: seen[date][name] for name in attributes}
        if found and all(found[-1][name] == values[name] for name in attributes):
            continue
        if found:
            found[-1] |= {"valid_to": date, "is_current": False}
        found.append(
            {key: this, **values, "valid_from": date, "valid_to": None, "is_current": True}
        )
    return found


def with_keys(found: list[Row], key: str, surrogate: str, attributes: Sequence[str]) -> list[Row]:
    """Keys of versions, by the id, the number of the return and the attributes."""
    returns: Counter[tuple[Any, ...]] = Counter()
    rows = []
    for row in found:
        values = [row[name] for name in attributes]
        number = returns[(row[key], *values)]
        returns[(row[key], *values)] += 1
        rows.append({surrogate: surrogate_key(row[key], number, values), **row})
    return rows


def surrogate_key(this: str, number: int, values: Sequence[Any]) -> int:
    """The first 15 hexadecimal digits of the MD5 of the MD5s, as an integer."""
    texts = ["-" if value is None else _md5(_as_text(value)) for value in (this, number, *values)]
    return int(_md5("".join(texts))[:KEY_DIGITS], 16)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def dim_track(tables: Tables) -> list[Row]:
    """Versions of tracks."""
    found = one_word_a_day(tables["processed.tracks"], "track_id")
    rows = [
        row for this, seen in found.items() for row in versions("track_id", this, seen, OF_TRACK)
    ]
    return with_keys(rows, "track_id", "track_key", OF_TRACK)


def dim_artist(tables: Tables) -> list[Row]:
    """Versions of artists; credited before any row describes it, one is inferred."""
    found = one_word_a_day(tables["processed.artists"], "artist_id")
    for row in tables["processed.track_artists"]:
        seen = found[row["artist_id"]]
        described = [date for date, one in seen.items() if "is_inferred" not in one]
        if not described or row["date"] < min(described):
            seen[row["date"]] = {"name": None, "is_inferred": True}
    rows = [
        row for this, seen in found.items() for row in versions("artist_id", this, seen, OF_ARTIST)
    ]
    rows = with_keys(rows, "artist_id", "artist_key", OF_ARTIST)
    return [{**row, "is_inferred": row["name"] is None} for row in rows]


def dim_album(tables: Tables) -> list[Row]:
    """Albums as their last day has them; one that only tracks name is inferred."""
    columns = (
        "name",
        "album_type",
        "release_date",
        "release_date_precision",
        "released_from",
        "total_tracks",
    )
    found = one_word_a_day(tables["processed.albums"], "album_id")
    rows = []
    for this, seen in found.items():
        last = seen[max(seen)]
        described = {name: last[name] for name in columns}
        rows.append({"album_id": this, **described, "last_date": max(seen), "is_inferred": False})
    named = one_word_a_day(
        [row for row in tables["processed.tracks"] if row["album_id"] not in (None, *found)],
        "album_id",
    )
    for this, seen in named.items():
        rows.append(
            {
                "album_id": this,
                **dict.fromkeys(columns),
                "last_date": max(seen),
                "is_inferred": True,
            }
        )
    return rows


def bridge_track_artist(tables: Tables, tracks: list[Row], artists: list[Row]) -> list[Row]:
    """The credits of the last genre-day that has the track, of several genres the first."""
    track_keys = {row["track_id"]: row["track_key"] for row in tracks if row["is_current"]}
    artist_keys = {row["artist_id"]: row["artist_key"] for row in artists if row["is_current"]}
    credited = defaultdict(list)
    for row in tables["processed.track_artists"]:
        credited[row["genre"], row["date"], row["track_id"]].append(row)
    rows = []
    for this, seen in one_word_a_day(tables["processed.tracks"], "track_id").items():
        last = seen[max(seen)]
        for row in credited[last["genre"], last["date"], this]:
            rows.append(
                {
                    "track_id": this,
                    "position": row["position"],
                    "artist_id": row["artist_id"],
                    "track_key": track_keys[this],
                    "artist_key": artist_keys[row["artist_id"]],
                }
            )
    return rows


def fact_daily(
    tables: Tables, kind: str, measures: Sequence[str], dimension: list[Row]
) -> list[Row]:
    """Every row of the kind, with its first position, its rank and the key of its version."""
    key, surrogate = f"{kind}_id", f"{kind}_key"
    positions: dict[tuple[Any, ...], int] = {}
    for row in tables["processed.search_results"]:
        if row["kind"] == kind:
            place = (row["genre"], row["date"], row["id"])
            positions[place] = min(row["position"], positions.get(place, row["position"]))
    ranks = {
        (row["genre"], row["date"], row[key]): row["rank"]
        for row in tables[f"rankings.top_{kind}s"]
    }
    held = defaultdict(list)
    for version in dimension:
        held[version[key]].append(version)
    rows = []
    for row in tables[f"processed.{kind}s"]:
        place = (row["genre"], row["date"], row[key])
        (version,) = (one for one in held[row[key]] if holds(row["date"])(one))
        rows.append(
            {
                "genre": row["genre"],
                "date": row["date"],
                key: row[key],
                surrogate: version[surrogate],
                **{name: row[name] for name in measures},
                "search_position": positions.get(place),
                "rank": ranks.get(place),
            }
        )
    return rows


def holds(day: dt.date) -> Callable[[Row], bool]:
    """`star.…_as_of`: the versions with `valid_from` ≤ day < `valid_to`."""
    return lambda version: (
        version["valid_from"] <= day and (version["valid_to"] is None or day < version["valid_to"])
    )


def star(tables: Tables) -> Tables:
    """The tables of the layer `star` that are of the catalog."""
    tracks, artists = dim_track(tables), dim_artist(tables)
    return {
        "star.dim_date": dim_date(tables),
        "star.dim_genre": dim_genre(tables),
        "star.dim_track": tracks,
        "star.dim_artist": artists,
        "star.dim_album": dim_album(tables),
        "star.bridge_track_artist": bridge_track_artist(tables, tracks, artists),
        "star.fact_track_daily": fact_daily(tables, "track", ["popularity"], tracks),
        "star.fact_artist_daily": fact_daily(
            tables, "artist", ["popularity", "followers"], artists
        ),
    }
