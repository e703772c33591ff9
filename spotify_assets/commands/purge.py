"""``purge``: delete what was collected."""

import datetime as dt
import sys
from typing import Annotated

import polars as pl
import typer

from spotify_assets.commands.exit_codes import (
    FAILED,
    USAGE,
    answering,
    settings_or_stop,
    stop,
    stopping,
)
from spotify_assets.commands.terminal import err, out, progress, show_table
from spotify_assets.lake import normalise_genre, retention
from spotify_assets.settings import Settings


def purge(
    older_than: Annotated[
        int | None,
        typer.Option("--older-than", min=0, metavar="DAYS", help="Only what is older than that."),
    ] = None,
    genre: Annotated[
        list[str] | None, typer.Option("--genre", "-g", help="Only this; may stand several times.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that the API said.")] = False,
    superseded: Annotated[
        bool, typer.Option("--superseded", help="Only responses that were asked for again since.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete what the API said, and all that was made from it, for good.

    Without a rule: what is older than SPOTIFY_RETENTION_DAYS. Several rules narrow each other.
    What was played goes by the day on which the API was asked. Your own exports stay.
    """
    settings = settings_or_stop()
    try:
        rule = _purge_rule(settings, older_than, genre or [], every=every, superseded=superseded)
    except ValueError as error:
        stop(str(error), USAGE)
    with stopping("Stopped. The same command goes on from here."):
        all_went = _purge(settings, rule, dry_run=dry_run, ask=not yes)
    if not all_went:
        raise typer.Exit(FAILED)


def _purge_rule(
    settings: Settings,
    older_than: int | None,
    named: list[str],
    *,
    every: bool,
    superseded: bool,
) -> retention.Rule:
    """What is due as the words say; where they say nothing, as the settings do.

    Raises:
        ValueError: Nothing says it, the words contradict each other, or a genre is none.
    """
    narrowed = older_than is not None or bool(named) or superseded
    if every and narrowed:
        raise ValueError("--all means everything: no other rule can stand beside it.")
    if not every and not narrowed:
        older_than = settings.retention_days
        if older_than is None:
            raise ValueError(
                "What is to go? Say --older-than 90, --genre rock, --superseded or --all, or set "
                "SPOTIFY_RETENTION_DAYS. Nothing was deleted."
            )
    genres = frozenset(normalise_genre(name) for name in named)
    return retention.Rule(older_than, genres or None, superseded)


def _purge(settings: Settings, rule: retention.Rule, *, dry_run: bool, ask: bool) -> bool:
    """Show what is due, ask, and delete it. False if something of it had to stay.

    Raises:
        LakeError: The lake cannot be read, or another purge is under way.
        WarehouseError: What is left cannot be published.
    """
    lake = settings.lake
    due = retention.due(lake, rule, dt.datetime.now(dt.UTC).date())
    busy = {one.part: retention.busy(lake, one.part) for one in due}
    free = [one for one in due if not busy[one.part]]
    stay = [reason for reason in busy.values() if reason]
    unfinished = retention.is_unfinished(lake)
    if unfinished:
        out.print("A purge was stopped before: the warehouse must be made without what it deleted.")
    if not free and not unfinished:
        out.print("There is nothing to delete by this rule.")
    else:
        files = retention.listing(lake, free)
        if free:
            _show_due(files)
        if dry_run or (free and ask and not _agreed()):
            out.print("Nothing was deleted.")
        else:
            stay += _delete(settings, free)
            left = retention.listing(
                lake, retention.due(lake, rule, dt.datetime.now(dt.UTC).date())
            )
            _show_deleted(settings, files, set(left["file"]))
    for reason in stay:
        err.print(reason, style="red", soft_wrap=True)
    return not stay


def _agreed() -> bool:
    if not sys.stdin.isatty():
        stop("Nobody is there to be asked: say --yes. Nothing was deleted.", USAGE)
    with answering():
        return typer.confirm("Delete this for good?")


def _delete(settings: Settings, due: list[retention.Due]) -> list[str]:
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs.monitoring import purging  # noqa: PLC0415

    with progress(len({one.genre for one in due}) + 1) as begin:
        return purging.purge(settings, due, begin)


def _show_due(files: pl.DataFrame) -> None:
    """What would go, by genre and by layer."""
    day, rows = pl.col("date"), pl.col("rows")
    sums = [pl.len().alias("files"), pl.col("bytes").sum()]
    by_genre = files.group_by("genre").agg(
        day.min().alias("from"), day.max().alias("to"), day.n_unique().alias("days"), *sums
    )
    by_layer = files.group_by("layer").agg(
        *sums, rows.sum(), rows.null_count().alias("damaged files")
    )
    for groups in (by_genre, by_layer):
        show_table("", groups.columns, groups.sort(groups.columns[0]).iter_rows())


def _show_deleted(settings: Settings, files: pl.DataFrame, left: set[str]) -> None:
    gone = files.filter(~pl.col("file").is_in(left))
    is_raw = pl.col("layer") == retention.RAW_LAYER
    days = gone.select("genre", "date").unique()
    polls = len(days.filter(genre=retention.PLAYS))
    out.print(
        f"Deleted {len(gone)} files of {len(days) - polls} genre-day(s) and "
        f"{polls} day(s) of polls, {gone['bytes'].sum()} bytes: "
        f"{gone.filter(is_raw)['rows'].sum()} responses, "
        f"{gone.filter(~is_raw)['rows'].sum()} rows.\n"
        f"{settings.database} was made without them: {settings.database.stat().st_size} bytes.",
        soft_wrap=True,
    )
