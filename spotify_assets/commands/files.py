"""``files``: which Parquet files hold a table, for other engines."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from spotify_assets.commands.exit_codes import USAGE, settings_or_stop, stop
from spotify_assets.commands.terminal import show_table


def files(
    table: Annotated[str, typer.Argument(help="E.g. star.fact_track_daily.")],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="As it was known at the end of a day (UTC), or at a time."),
    ] = None,
    changes: Annotated[
        bool, typer.Option("--changes", help="Rather what each commit changed of it, and why.")
    ] = False,
) -> None:
    """List the Parquet files that hold a table now, or as it was known on a day.

    Each stands with the day whose rows of it count. A file can hold rows of other days too, which
    are not meant; and beside these lie files that hold what was. docs/lake.md shows how DuckDB,
    polars and Spark read the list. Of exports, polls and downloads it says when each was written.
    """
    from spotify_assets.lake import listing, mirror  # noqa: PLC0415 - only this command needs them
    from spotify_assets.lake.history import TABLES  # noqa: PLC0415

    settings = settings_or_stop(secrets=False)
    if changes:
        if as_of is not None:
            stop("Write --as-of or --changes, not both.", USAGE)
        show_table("", listing.ChangedDay._fields, listing.changes_of(settings.lake, table))
        return
    try:
        at = None if as_of is None else end_of(as_of)
    except ValueError:
        stop(f"{as_of!r} is no day: write --as-of 2026-11-20, or 2026-11-20T12:00.", USAGE)
    lake = settings.lake

    def place(key: str) -> str | Path:
        return lake.uri(key) if lake.url else lake.path(key)

    if table in TABLES:
        days = settings.versions_kept_days
        keep = None if days is None else dt.timedelta(days)
        known = mirror.known(lake, table, at, keep)
        show_table("", ["file", "written_at"], [[place(key), when] for key, when in known])
        return
    held = listing.files_of(lake, table, at)
    rows = [[place(one.file), *one[1:]] for one in held]
    show_table("", ["file", "genre", "date", "rows"], rows)


def end_of(text: str) -> dt.datetime:
    """The last moment (UTC) of a day, or the moment that is written.

    Raises:
        ValueError: It is neither.
    """
    if len(text) == len("2026-11-20"):
        day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time.max)
        return day.replace(tzinfo=dt.UTC)
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
