"""``compact``: fewer and larger files for months that are over."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import (
    FAILED,
    USAGE,
    settings_or_stop,
    stop,
    stopping,
)
from spotify_assets.commands.terminal import err, out, progress, show_table
from spotify_assets.lake import normalise_genre
from spotify_assets.lake.tables import genres as genres_of
from spotify_assets.settings import Settings


def compact(
    genre: Annotated[
        list[str] | None, typer.Option("--genre", "-g", help="Only this; may stand several times.")
    ] = None,
) -> None:
    """Merge the Parquet files of each month that is over into one for each table and genre.

    No answer changes by it. The housekeeping does the same every night. The small files go a day
    later, when nobody can be reading them any more. A day that is made again gets a file of its
    own.
    """
    settings = settings_or_stop()
    try:
        wanted = {normalise_genre(name) for name in genre or []}
    except ValueError as error:
        stop(str(error), USAGE)
    with stopping("Stopped. No row is lost; the same command goes on from here."):
        all_merged = _compact(settings, wanted)
    if not all_merged:
        raise typer.Exit(FAILED)


def _compact(settings: Settings, wanted: set[str]) -> bool:
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs.monitoring import compacting  # noqa: PLC0415

    there = [name for name in genres_of(settings.lake) if not wanted or name in wanted]
    today = dt.datetime.now(dt.UTC).date()
    with progress(len(there) + 1) as begin:
        done = compacting.compact(settings, there, today, begin)
    if done.merged:
        columns = ["genres", "files before", "files after", "bytes before", "bytes after"]
        genres = len({Path(one.file).parent.parent.name for one in done.merged})
        files = sum(one.days for one in done.merged), len(done.merged)
        before = sum(one.bytes_before for one in done.merged)
        after = sum(one.bytes_after for one in done.merged)
        show_table("", columns, [[genres, *files, before, after]])
    else:
        out.print("There is no file to merge: no month is over that has files of single days.")
    for reason in done.left:
        err.print(reason, style="red", soft_wrap=True)
    return not done.left and done.published.damaged.is_empty()
