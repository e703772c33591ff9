"""catalog.md, "Rankings": ranks, departures, movement."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spotify_assets_tests.model.catalog import Row, Tables

KINDS = ("artist", "track")
DECIDING = ("left", "fell_below")
DAY = dt.timedelta(days=1)


@dataclass
class Day:
    """A genre-day as far as the ranking of one kind needs it."""

    market: str
    wanted: int
    asked: int
    positions: dict[str, int]
    """The first position in the search of all ids that it shows."""
    ranked: list[Row]

    @property
    def reach(self) -> int:
        """How deep it is ranked, but never more than was asked."""
        if len(self.ranked) < self.wanted:
            return self.asked
        deepest = max((row["search_position"] for row in self.ranked), default=0)
        return min(deepest, self.asked)

    @property
    def ids(self) -> dict[str, Row]:
        """What is ranked."""
        return {row["id"]: row for row in self.ranked}


Days = dict[tuple[str, str], dict[dt.date, Day]]
"""By genre and kind, then by date."""


def days(tables: Tables) -> Days:
    """The rankings of all genre-days."""
    found: Days = defaultdict(dict)
    names: dict[tuple[str, str, dt.date], dict[str, Row]] = defaultdict(dict)
    positions: dict[tuple[str, str, dt.date], dict[str, int]] = defaultdict(dict)
    for kind in KINDS:
        for row in tables[f"processed.{kind}s"]:
            names[row["genre"], kind, row["date"]][row[f"{kind}_id"]] = row
    for row in tables["processed.search_results"]:
        here = positions[row["genre"], row["kind"], row["date"]]
        here[row["id"]] = min(row["position"], here.get(row["id"], row["position"]))
    for row in tables["processed.extracts"]:
        for kind in KINDS:
            place = (row["genre"], kind, row["date"])
            wanted = row[f"{kind}s_wanted"]
            found[row["genre"], kind][row["date"]] = Day(
                row["market"],
                wanted,
                row[f"{kind}s_asked"],
                positions[place],
                ranked(positions[place], names[place], wanted),
            )
    return found


def ranked(positions: dict[str, int], known: dict[str, Row], wanted: int) -> list[Row]:
    """The four steps: candidates, the first so many, basis, order."""
    candidates = sorted((position, this) for this, position in positions.items() if this in known)
    chosen = candidates[:wanted]
    popularity = {this: known[this]["popularity"] for _, this in chosen}
    by_popularity = any(value is not None for value in popularity.values())

    def order(found: tuple[int, str]) -> tuple[Any, ...]:
        position, this = found
        value = popularity[this]
        return (value is None, 0 if value is None else -value, position, this)

    return [
        {
            "id": this,
            "rank": rank,
            "name": known[this]["name"],
            "score": popularity[this] if by_popularity else position,
            "basis": "popularity" if by_popularity else "search_position",
            "search_position": position,
        }
        for rank, (position, this) in enumerate(sorted(chosen, key=order), start=1)
    ]


def reason(day: Day | None, this: str, last: Day, last_position: int) -> str:
    """Departures: what a day without it says, the first that is true."""
    if day is None or day.asked == 0:
        return "not_asked"
    if not day.positions:
        return "no_results"
    if day.market != last.market:
        return "other_market"
    shown = day.positions.get(this)
    if shown is not None and shown <= day.reach:
        return "quarantined"
    if last_position > day.reach:
        return "not_reached"
    return "left" if shown is None else "fell_below"


def departures(rankings: Days) -> list[Row]:
    """One row for each absence, however long."""
    rows = []
    for (genre, kind), of_genre in rankings.items():
        last_asked = max((date for date, day in of_genre.items() if day.asked), default=None)
        for this, dates in _ranked_on(of_genre).items():
            for last_date, again in zip(dates, [*dates[1:], None], strict=True):
                end = again - DAY if again else last_asked
                if end is None or end <= last_date:
                    continue
                row = of_genre[last_date].ids[this]
                date, why = _decided(of_genre, this, last_date, end)
                rows.append(
                    {
                        "genre": genre,
                        "date": date,
                        "kind": kind,
                        "id": this,
                        "name": row["name"],
                        "basis": row["basis"],
                        "last_rank": row["rank"],
                        "last_date": last_date,
                        "reason": why,
                    }
                )
    return rows


def _ranked_on(of_genre: dict[dt.date, Day]) -> dict[str, list[dt.date]]:
    found: dict[str, list[dt.date]] = defaultdict(list)
    for date in sorted(of_genre):
        for this in of_genre[date].ids:
            found[this].append(date)
    return found


def _decided(
    of_genre: dict[dt.date, Day], this: str, last_date: dt.date, end: dt.date
) -> tuple[dt.date, str]:
    """The first day that decides; where none does, the first day of the absence."""
    last = of_genre[last_date]
    position = last.ids[this]["search_position"]
    said = [
        (date, reason(of_genre.get(date), this, last, position))
        for date in _each_day(last_date + DAY, end)
    ]
    return next((one for one in said if one[1] in DECIDING), said[0])


def _each_day(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range((last - first).days + 1):
        yield first + number * DAY


def movements(rankings: Days, gone: list[Row], kind: str) -> list[Row]:
    """The ranking of each day, with its movement against earlier ones."""
    decided = defaultdict(list)
    for row in gone:
        if row["reason"] in DECIDING:
            decided[row["genre"], row["kind"], row["id"]].append(row["date"])
    rows = []
    for (genre, this_kind), of_genre in rankings.items():
        if this_kind != kind:
            continue
        for date, day in of_genre.items():
            for row in day.ranked:
                left = decided[genre, kind, row["id"]]
                rows.append(
                    {"genre": genre, "date": date, **row, **_moved(of_genre, date, row, left)}
                )
    return rows


def _moved(of_genre: dict[dt.date, Day], date: dt.date, row: Row, left: list[dt.date]) -> Row:
    """`previous_date`, `previous_rank`, `movement` and `status`."""
    today, this = of_genre[date], row["id"]
    before = [one for one in sorted(of_genre) if one < date and this in of_genre[one].ids]
    comparable = [
        one
        for one in before
        if of_genre[one].ids[this]["basis"] == row["basis"]
        and of_genre[one].market == today.market
        and of_genre[one].wanted == today.wanted
    ]
    previous = comparable[-1] if comparable else None
    previous_rank = None if previous is None else of_genre[previous].ids[this]["rank"]
    movement = None
    if not before:
        status = "new" if _could_have_shown(of_genre, date, row) else "not_comparable"
    elif any((previous or before[-1]) < one < date for one in left):
        status = "re-entry"
    elif previous_rank is None:
        status = "not_comparable"
    else:
        movement = previous_rank - row["rank"]
        status = "up" if movement > 0 else "down" if movement < 0 else "same"
    return {
        "previous_date": previous,
        "previous_rank": previous_rank,
        "movement": movement,
        "status": status,
    }


def _could_have_shown(of_genre: dict[dt.date, Day], date: dt.date, row: Row) -> bool:
    """No earlier day ranked anything, or one for the same market had the reach to show it."""
    earlier = [day for one, day in of_genre.items() if one < date]
    if not any(day.ranked for day in earlier):
        return True
    return any(
        day.market == of_genre[date].market
        and day.positions
        and day.reach >= row["search_position"]
        for day in earlier
    )


def artist_names(tables: Tables) -> dict[tuple[str, dt.date, str], list[str]]:
    """Names of a track's credits by position; one that has no row in `artists` is left out."""
    names = {
        (row["genre"], row["date"], row["artist_id"]): row["name"]
        for row in tables["processed.artists"]
    }
    found: dict[tuple[str, dt.date, str], list[str]] = defaultdict(list)
    for row in sorted(tables["processed.track_artists"], key=lambda row: row["position"]):
        here = (row["genre"], row["date"])
        if (*here, row["artist_id"]) in names:
            found[(*here, row["track_id"])].append(names[(*here, row["artist_id"])])
    return found


def rankings(tables: Tables) -> Tables:
    """The tables of the layer `rankings`."""
    of_days = days(tables)
    gone = departures(of_days)
    names = artist_names(tables)
    made: Tables = {"rankings.departures": gone}
    for kind in KINDS:
        rows = []
        for row in movements(of_days, gone, kind):
            this = row.pop("id")
            row[f"{kind}_id"] = this
            if kind == "track":
                row["artist_names"] = names.get((row["genre"], row["date"], this), [])
            rows.append(row)
        made[f"rankings.top_{kind}s"] = rows
    return made


def as_of(rows: list[Row], genre: str, day: dt.date, n: int) -> list[Row]:
    """`rankings.top_…_as_of`: the first ranks of the last day, up to that one, with a ranking."""
    dates = [row["date"] for row in rows if row["genre"] == genre and row["date"] <= day]
    last = max(dates, default=None)
    return [
        row for row in rows if row["genre"] == genre and row["date"] == last and row["rank"] <= n
    ]
