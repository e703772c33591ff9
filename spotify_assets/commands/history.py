"""``import`` and ``poll``: the listening history, from Spotify's exports and from its API."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spotify_assets.commands import releases
from spotify_assets.commands.exit_codes import FAILED, settings_or_stop, stop, stopping
from spotify_assets.commands.published import is_published
from spotify_assets.commands.terminal import err, progress, show_table
from spotify_assets.schemas.listening import Imports
from spotify_assets.settings import Settings
from spotify_assets.sources.spotify_api.tokens import Condition
from spotify_assets.warehouse.quality.one_listener import doubts
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import literal

if TYPE_CHECKING:
    from spotify_assets.defs.launch import Outcome
    from spotify_assets.sources.account_export import Imported

CLASSES = (
    "counted",
    "short",
    "skipped",
    "podcast",
    "audiobook",
    "local_file",
    "incognito",
    "duplicate",
    "unreadable",
)
SHOWN = 20
"""Rows that cannot be read, of which each is shown; of all others the number."""
LAST_POLL = """
    SELECT
        items, (SELECT count(*) FROM star.fact_recently_played WHERE reported_at >= $begun) AS new
    FROM processed.polls WHERE polled_at >= $begun ORDER BY polled_at LIMIT 1"""
FOUND_GAPS = """
    SELECT strftime(from_at, '%Y-%m-%d %H:%M'), strftime(to_at, '%Y-%m-%d %H:%M')
    FROM monitoring.play_gaps WHERE found_at >= $begun AND NOT is_closed"""


def import_history(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH…", help="Zips, folders or files; else the inbox."),
    ] = None,
) -> None:
    """Import Spotify exports: every row is counted in one class, or shown as unreadable.

    CSV files are those of an artist's team: Spotify for Artists, Meta Ads, distributors. Nothing is
    asked of the API. What was imported before is not imported twice.
    """
    settings = settings_or_stop()
    chosen = [path.expanduser().resolve() for path in paths or [settings.inbox]]
    downloads = releases.downloads(chosen)
    rest = releases.without(chosen, downloads)
    is_whole = not downloads or releases.import_downloads(settings, downloads)
    if rest:
        is_whole &= _import_exports(settings, rest)
    if not is_whole:
        raise typer.Exit(FAILED)


def _import_exports(settings: Settings, chosen: list[Path]) -> bool:
    """Import the listening history; whether all of it could be read."""
    with stopping("Stopped. Files that were read stay imported; the same command goes on."):
        read = _imported_before(settings, chosen) or _import(settings, chosen)
        _show(settings, read)
        with read_only(settings.database) as connection:
            warnings = [*read.warnings, *doubts(connection).warnings]
    for warning in warnings:
        err.print(warning, style="yellow", soft_wrap=True)
    for name, reason in read.refused:
        err.print(f"Not imported: {name}: {reason}", style="red", soft_wrap=True)
    return not read.refused


def poll() -> None:
    """Ask Spotify once what you played last, and publish it.

    Needs a sign-in: `spotify-assets login`. Ends with 75 where the API wants to be asked later.
    """
    settings = settings_or_stop()
    _signed_in_or_stop(settings)
    begun = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with stopping("Stopped. What was received is kept: the next poll publishes it."):
        outcome = _poll(settings)
        outcome.raise_for_failure()
        _show_poll(settings, begun)


def _imported_before(settings: Settings, paths: list[Path]) -> "Imported | None":
    """What an import would say that has nothing to do: that takes no run, and no Dagster.

    ``None`` where there is something to do, or what is wrong is for a run to say.
    """
    from spotify_assets.sources import account_export as exports  # noqa: PLC0415 - slow to import

    try:
        before = exports.imported_before(exports.find(paths), settings.lake)
    except exports.ExportError:
        return None
    return before if before is not None and is_published(settings, Imports) else None


def _import(settings: Settings, paths: list[Path]) -> "Imported":
    """Run the import; ends the command where it fails."""
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs import launch  # noqa: PLC0415

    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as instance, progress(1) as begin:
        begin("import")
        outcome = launch.import_history(instance, settings, paths)
        launch.close(settings, [outcome])
        outcome.raise_for_failure()
        return launch.imported(instance, outcome.run_id)


def _poll(settings: Settings) -> "Outcome":
    from spotify_assets.defs import launch  # noqa: PLC0415 - as above

    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as instance, progress(1) as begin:
        begin("poll")
        outcome = launch.poll_plays(instance, settings)
        launch.close(settings, [outcome])
        return outcome


def _signed_in_or_stop(settings: Settings) -> None:
    """End where nobody is signed in: that is no run that failed, of which an alert would tell."""
    condition = settings.user_tokens.state().condition
    if condition is Condition.NONE:
        stop("Nobody is signed in. Sign in with `spotify-assets login`, then poll again.", FAILED)
    if condition is not Condition.VALID:
        stop("The sign-in has ended. Sign in again with `spotify-assets login`.", FAILED)


def _show_poll(settings: Settings, begun: dt.datetime) -> None:
    """What the poll showed, and whether plays may be missing before it."""
    with read_only(settings.database) as connection:
        polls = connection.execute(LAST_POLL, {"begun": begun}).fetchall()
        gaps = connection.execute(FOUND_GAPS, {"begun": begun}).fetchall()
    rows = [[seen, new, "yes" if gaps else "no"] for seen, new in polls]
    show_table("Polled", ["plays seen", "new", "gap"], rows)
    if not polls:
        err.print("The answer cannot be read: see quarantine.plays.", style="yellow")
    for first, last in gaps:
        said = (
            f"Plays from {first} to {last} UTC may be missing: the API shows the last 50 only. "
            "Poll more often; an export closes the gap."
        )
        err.print(said, style="yellow", soft_wrap=True)


def _show(settings: Settings, read: "Imported") -> None:
    """The account of each file; received = the sum of the classes, or nothing was published."""
    # Written into the queries: to bind a parameter DuckDB's client imports pandas, half a second.
    files = f"file_id IN [{', '.join(map(literal, read.file_ids))}]"
    with read_only(settings.database) as connection:
        rows = connection.execute(
            f"SELECT file_id, file_name, received, {', '.join(CLASSES)} "  # noqa: S608 - ours
            f"FROM monitoring.imports WHERE {files} ORDER BY file_name"
        ).fetchall()
        unreadable = connection.execute(
            "SELECT i.file_name, q.source_pointer, q.reason FROM quarantine.plays AS q "  # noqa: S608
            "JOIN monitoring.imports AS i ON q.source_file LIKE '%=' || i.file_id || '/%' "
            f"WHERE {files} ORDER BY ALL"
        ).fetchall()
    listed = [[*row[1:], "" if row[0] in read.new else "as before"] for row in rows]
    total = ["all", *(sum(row[n] for row in listed) for n in range(1, len(CLASSES) + 2)), ""]
    show_table(
        "Imported",
        ["file", "received", *(name.replace("_", " ") for name in CLASSES), ""],
        [*listed, total],
    )
    if unreadable:
        show_table("Unreadable", ["file", "position", "reason"], unreadable[:SHOWN])
    if len(unreadable) > SHOWN:
        err.print(f"… and {len(unreadable) - SHOWN} more, in quarantine.plays.")
    if not read.new:
        err.print("All of it was imported before: nothing has changed.")
