"""listening.md, "Which row speaks", "What was played", "What counts": the tables of plays."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from spotify_assets_tests.model.exports import TRACK, Told
from spotify_assets_tests.model.known import item_key
from spotify_assets_tests.model.same_play import Play, Reconciliation

Row = dict[str, Any]
PAUSE = dt.timedelta(minutes=30)
COUNTED_MS = 30_000
SKIPS = ("fwdbtn", "backbtn", "nextbtn")


def play_class(kind: str, ms: int | None, marks: Row) -> str:
    """The first line that holds."""
    if kind != "music":
        return kind
    if marks["is_incognito"]:
        return "incognito"
    if ms is None or ms >= COUNTED_MS:
        return "counted"
    return "skipped" if marks["is_skipped"] or marks["reason_end"] in SKIPS else "short"


def recording(row: Told, item: str) -> str:
    """Where no ISRC is known, names decide, and only of music that has both."""
    artist, name = row.names
    return f"names:{artist}:{name}" if row.kind == "music" and artist and name else item


def plays(files: Sequence[list[Told]]) -> tuple[list[Row], list[Row]]:
    """`star.fact_play` and `star.dim_item`, where exports alone tell of plays."""
    reconciliation = Reconciliation(files)
    found = reconciliation.reconciled()
    items = dim_item(reconciliation, found)
    recordings = {row["item_key"]: row["recording"] for row in items}
    rows = sorted(
        (_fact(play, reconciliation.items[play.speaker]) for play in found),
        key=lambda row: (
            row["ended_at"],
            row["ended_at"] - dt.timedelta(milliseconds=row["ms_played"]),
            row["item_key"],
            row["source"],
            row["source_file"],
            row["source_line"],
        ),
    )
    session, end = 0, None
    first: dict[str, Row] = {}
    for row in rows:
        start = row["ended_at"] - dt.timedelta(milliseconds=row["ms_played"])
        session += end is None or start - end > PAUSE
        end = row["ended_at"]
        row["session"] = session
        if play_class(row["kind"], row["ms_played"], row) == "counted":
            first.setdefault(recordings[row["item_key"]], row)
    for row in rows:
        begun = first.get(recordings[row["item_key"]])
        row["first_at"] = begun["ended_at"] if begun else None
        row["is_first_play"] = row is begun
    return rows, items


def _fact(play: Play, item: str) -> Row:
    row = play.speaker
    return {
        "ended_at": row.ended_at,
        "item_key": item_key(item),
        "kind": row.kind,
        "ms_played": row.ms,
        "ms_heard": row.ms,
        "source": "extended" if row.is_extended else "account",
        "confidence": "second" if row.is_extended else "minute",
        "is_in_account": play.is_in_account,
        "is_in_api": False,
        **dict(row.more),
        "source_file": row.file_id,
        "source_line": row.line,
    }


def dim_item(reconciliation: Reconciliation, found: Sequence[Play]) -> list[Row]:
    """What a play has, as the row of the latest time describes it."""
    latest: dict[str, Told] = {}
    has_play = {reconciliation.items[play.speaker] for play in found}
    order = lambda row: (row.ended_at, row.name or "", row.artist or "", row.album or "")  # noqa: E731
    for row, item in reconciliation.items.items():
        if item in has_play:
            latest[item] = max(latest.get(item, row), row, key=order)
    return [
        {
            "item_key": item_key(item),
            "item": item,
            "kind": row.kind,
            "track_id": item.removeprefix(TRACK) if item.startswith(TRACK) else None,
            "recording": recording(row, item),
            "name": row.name,
            "artist_id": None,
            "artist_name": row.artist,
            "album_name": row.album,
            "isrc": None,
            "duration_ms": None,
            "known_from": "export",
        }
        for item, row in latest.items()
    ]


def by_day(rows: Sequence[Row], zone: str) -> dict[dt.date, int]:
    """Counted plays of each local day: that in which they ended."""
    found: dict[dt.date, int] = {}
    for row in rows:
        if play_class(row["kind"], row["ms_played"], row) == "counted":
            local = row["ended_at"].replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).date()
            found[local] = found.get(local, 0) + 1
    return found
