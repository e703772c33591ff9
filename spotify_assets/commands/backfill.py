"""``backfill``: make days again from the responses that raw holds."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from spotify_assets.commands.collect import days_of, listed
from spotify_assets.commands.exit_codes import (
    FAILED,
    USAGE,
    settings_or_stop,
    stop,
    stopping,
)
from spotify_assets.commands.terminal import err, progress, show_table
from spotify_assets.lake import GenreDay, LakeError, normalise_genre
from spotify_assets.lake.raw import RawPartition
from spotify_assets.settings import Settings

if TYPE_CHECKING:
    from spotify_assets.defs.partitions import PartitionRange


def backfill(
    date: Annotated[
        str, typer.Option("--date", "-d", help="Day (YYYY-MM-DD, UTC) or days (A..B).")
    ],
    genre: Annotated[
        list[str] | None,
        typer.Option("--genre", "-g", "--genero", help="Genre; may stand several times."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All genres of the configuration.")] = False,
) -> None:
    """Make days again from their raw responses, the newest first; nothing is asked of the API.

    A day that raw does not hold is named, and keeps no other from being made.
    """
    settings = settings_or_stop()
    try:
        first, last = days_of(date, settings.start_date)
        if every == bool(genre):
            raise ValueError("Which genres? Say --genre rock, or --all.")
        genres = listed(settings) if every else [normalise_genre(name) for name in genre or []]
    except ValueError as error:
        stop(str(error), USAGE)
    wanted = [
        GenreDay(name, last - dt.timedelta(days=n))
        for name in genres
        for n in range((last - first).days + 1)
    ]
    missing = {day: why for day in wanted if (why := _why_not(settings, day))}
    held = [day for day in wanted if day not in missing]
    with stopping("Stopped. What was made stays; the same command makes the rest again."):
        failed = _make(settings, held)
    rows = [[day.genre, day.date, why] for day, why in sorted(missing.items())]
    rows += [
        [", ".join(chunk.genres), f"{chunk.first}..{chunk.last}", why]
        for chunk, why in failed.items()
    ]
    made = len(held) - sum(chunk.days for chunk in failed)
    show_table("", ["genre-days", "made", "failed"], [[len(wanted), made, len(wanted) - made]])
    if rows:
        show_table("Not made", ["genre", "date", "why"], rows)
        err.print("Of a day that is over nothing more can be asked: the API answers for now only.")
        raise typer.Exit(FAILED)


def _why_not(settings: Settings, day: GenreDay) -> str | None:
    """Why a day cannot be made again; a range with such a day in it would fail as a whole."""
    try:
        return None if RawPartition(settings.lake, day).latest() else "not held by raw"
    except LakeError as error:
        return str(error)


def _make(settings: Settings, days: list[GenreDay]) -> dict["PartitionRange", str]:
    """Run what raw holds, in chunks; returns what failed, and why."""
    if not days:
        return {}
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs import launch  # noqa: PLC0415
    from spotify_assets.defs.partitions import partition_ranges  # noqa: PLC0415

    failed = {}
    outcomes = []
    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as instance:
        chunks = partition_ranges(instance, days)
        with progress(len(chunks)) as begin:
            for chunk in chunks:
                begin(str(chunk))
                outcome = launch.reprocess(instance, settings, chunk)
                outcomes.append(outcome)
                if outcome.failure or outcome.failed_checks:
                    failed[chunk] = outcome.failure or ", ".join(outcome.failed_checks)
        launch.close(settings, outcomes)
    return failed
