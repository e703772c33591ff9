"""listening.md, "How much is known of a day", as far as export files of music say it."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from spotify_assets_tests.model.catalog import Row
from spotify_assets_tests.model.exports import Told
from spotify_assets_tests.model.plays import play_class

DAY = dt.timedelta(days=1)
Window = tuple[dt.datetime, dt.datetime]


def covered(files: Sequence[list[Told]]) -> list[Window]:
    """From the beginning of the day of a file's first play to the moment of its last one."""
    return sorted(
        (_midnight(min(row.ended_at for row in rows)), max(row.ended_at for row in rows))
        for rows in files
    )


def play_coverage(files: Sequence[list[Told]], plays: Sequence[Row]) -> list[Row]:
    """The first word that holds, where nothing says that files follow on each other."""
    windows = covered(files)
    holes = [hole for package in (True, False) for hole in _holes(files, is_extended=package)]
    played = Counter(row["ended_at"].date() for row in plays)
    first = min(start for start, _ in windows)
    last = max(end for _, end in windows)
    rows = []
    for number in range((last.date() - first.date()).days + 1):
        begin = first + number * DAY
        if _is_whole(begin, windows):
            word = "complete"
        elif any(start < begin + DAY and begin <= end for start, end in [*windows, *holes]):
            word = "partial"
        else:
            word = "partial" if played[begin.date()] else "unknown"
        rows.append({"date": begin.date(), "coverage": word, "plays": played[begin.date()]})
    return rows


def _holes(files: Sequence[list[Told]], *, is_extended: bool) -> list[Window]:
    """Between two files of the same package."""
    windows = covered([rows for rows in files if rows[0].is_extended == is_extended])
    holes = []
    reached = windows[0][1] if windows else None
    for start, end in windows[1:]:
        if reached is not None and start > reached:
            holes.append((reached, start))
        reached = end if reached is None else max(reached, end)
    return holes


def _is_whole(begin: dt.datetime, windows: Sequence[Window]) -> bool:
    """Whether files together cover a day wholly."""
    reached = begin
    for start, end in windows:
        if start <= reached:
            reached = max(reached, end)
    return reached >= begin + DAY


def _midnight(moment: dt.datetime) -> dt.datetime:
    return moment.replace(hour=0, minute=0, second=0)


def accounts(files: Sequence[list[Told]], plays: Sequence[Row]) -> list[Row]:
    """`monitoring.imports`: the class of each row that speaks; every other is a duplicate."""
    classes = {
        (row["source_file"], row["source_line"]): play_class(row["kind"], row["ms_played"], row)
        for row in plays
    }
    names = ("counted", "short", "skipped", "podcast", "audiobook", "local_file", "incognito")
    rows = []
    for told in files:
        found = Counter(classes.get((row.file_id, row.line), "duplicate") for row in told)
        rows.append(
            {
                "file_id": told[0].file_id,
                "package": "extended" if told[0].is_extended else "account",
                "received": len(told),
                **{name: found[name] for name in (*names, "duplicate")},
                "unreadable": 0,
                "first_at": min(row.ended_at for row in told),
                "last_at": max(row.ended_at for row in told),
            }
        )
    return rows
