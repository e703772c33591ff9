"""Runs, checks, freshness and files, whatever the domain."""

import calendar
import datetime as dt
import shlex
from collections.abc import Sequence
from pathlib import Path

from spotify_assets.operations.alerts.causes.wording import (
    command,
    for_partition,
    genre_day,
    key_of,
    literal,
    query,
)
from spotify_assets.operations.alerts.incidents import Incident, minute


def run_failure(
    job: str, partition: str | None, error: str, since: dt.datetime, link: str | None = None
) -> Incident:
    """A run failed.

    Args:
        job: Its name, such as ``catalog``.
        partition: Such as ``2026-11-20|rock``; ``None`` where the job has none.
        error: What it says went wrong.
        since: When it failed.
        link: The run in the Dagster UI.
    """
    what_to_do = "Run the job again in the Dagster UI."
    if again := command("collect", partition):
        what_to_do = f"It goes on where it stopped with:\n  {again}"
    return Incident(
        key_of("run_failure", job, partition),
        "run_failure",
        f"The run of {job} failed{for_partition(partition)}",
        f"{error}\n\nResponses that were received are kept. {what_to_do}",
        "error",
        since,
        link,
    )


def left_out_of_backfill(
    backfill: str, days: Sequence[tuple[str, dt.date]], since: dt.datetime, link: str | None = None
) -> Incident:
    """A backfill ended, but no run was ever started for some of its genre-days.

    Args:
        backfill: Its id in Dagster.
        days: Genre and day of those; at least one.
        since: When it ended.
        link: The backfill in the Dagster UI.
    """
    first, last = min(day for _, day in days), max(day for _, day in days)
    genres = sorted({genre for genre, _ in days})
    words = " ".join(f"--genre {shlex.quote(genre)}" for genre in genres)
    return Incident(
        key_of("run_failure", "backfill", backfill),
        "run_failure",
        f"The backfill {backfill} left out {len(days):,} genre-days",
        f"It ended, and may say that it succeeded. But no run was started for {len(days):,} of its "
        f"genre-days, from {first} to {last}: Dagster loses some where a backfill of a job needs "
        "more than 25 runs. To make them:\n"
        f"  spotify-assets backfill {words} --date {first}..{last}",
        "error",
        since,
        link,
    )


def check_failure(
    check: str,
    table: str,
    partition: str | None,
    found: str,
    since: dt.datetime,
) -> Incident:
    """A check over a table failed.

    Args:
        check: Its name, such as ``integrity``.
        table: Such as ``star.dim_artist``.
        partition: Such as ``2026-11-20|rock``; ``None`` where the check is over the whole table.
        found: What the check says.
        since: When it failed.
    """
    where = ""
    if parts := genre_day(partition):
        genre, day = parts
        where = f" WHERE genre = {literal(genre)} AND date = {literal(day)}"
    set_aside = query(f"SELECT * FROM quarantine.rows{where}")  # noqa: S608 - for the reader
    return Incident(
        key_of("check_failure", f"{table}.{check}", partition),
        "check_failure",
        f"The check {check} of {table} failed{for_partition(partition)}",
        f"{found}\n\nDo not trust the table before this is understood. What was set aside, and "
        f"why, is shown by:\n  {set_aside}",
        "error",
        since,
    )


COLLECT = (
    "The API answers for now only: a day that is over cannot be collected.\n\n"
    "See whether the Dagster daemon is running (`make dev` starts it). To collect now:\n"
    "  spotify-assets collect --all"
)


PUBLISH_TO = (
    "The DuckDB file is not touched by that.\n\nSee whether the Dagster daemon and the database "
    "are running. To publish now, and to be told what is wrong:\n  spotify-assets publish-to"
)


def late_data(
    table: str,
    last: dt.datetime | None,
    expected: dt.datetime,
    link: str | None = None,
    remedy: str = COLLECT,
) -> Incident:
    """A table has not been brought up to date in time.

    Args:
        table: Such as ``processed.tracks``.
        last: When it last was; ``None``: never.
        expected: When it should have been.
        link: The asset in the Dagster UI.
        remedy: What to do, as sentences.
    """
    was = f"It last was {minute(last)}" if last else "It never was"
    return Incident(
        key_of("late", *table.split(".")),
        "late_data",
        f"{table} is late",
        f"{table} should have been brought up to date by {minute(expected)}. {was}. {remedy}",
        "error",
        expected,
        link,
    )


def damaged_file(
    path: Path,
    found: str,
    since: dt.datetime,
    partition: str | None,
    link: str | None = None,
) -> Incident:
    """A file of the lake is not as it was written.

    Args:
        path: The file, relative to the data folder.
        found: What is wrong with it.
        since: When that was found.
        partition: Such as ``2026-11-20|rock``; ``None`` where it is of the listening history: then
            ``found`` says what to do.
        link: The run that found it, in the Dagster UI.
    """
    what_to_do = f"\n\n{remake(path, partition)}" if partition else ""
    return Incident(
        key_of("damaged_file", path.as_posix()),
        "damaged_file",
        f"{path.name} is damaged{for_partition(partition)}",
        f"{path}: {found}{what_to_do}",
        "error",
        since,
        link,
    )


def remake(path: Path, partition: str) -> str:
    """What to do with a damaged file of the catalog; arguments as `damaged_file` has them."""
    if path.parent.name.startswith("month=") and (parts := genre_day(partition)):
        month = path.parent.name.removeprefix("month=")
        _, days = calendar.monthrange(*map(int, month.split("-")))
        return (
            "Delete it. Then the days of its month can be made again from the raw responses:\n"
            f"  spotify-assets backfill --genre {shlex.quote(parts[0])} "
            f"--date {month}-01..{month}-{days}"
        )
    remedy = "Its day can be made again from the raw responses:"
    if path.suffix != ".parquet":
        remedy = (
            "Restore it from a backup: responses of a past day cannot be fetched again. Then make "
            "its day again from them:"
        )
    return f"{remedy}\n  {command('backfill', partition)}"
