"""``label``: comments of listeners, from files to labels in the warehouse."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spotify_assets.commands.exit_codes import FAILED, USAGE, settings_or_stop, stop, stopping
from spotify_assets.commands.terminal import err, progress, show_table
from spotify_assets.lake.comments import received_days, waiting
from spotify_assets.settings import Settings
from spotify_assets.warehouse.reading import read_only
from spotify_assets.warehouse.tables import literal

if TYPE_CHECKING:
    from spotify_assets.defs.launch import Outcome

SHOWN = 20
"""Rows that were set aside, of which each is shown."""
BATCHES = """
SELECT coalesce(file_name, came_by), source, received, kept, duplicate, quarantined
FROM monitoring.comment_batches
WHERE batch_id IN ({}) ORDER BY received_at, file_name"""
ASIDE = """
SELECT coalesce(b.file_name, b.came_by), q.batch_row, q.column_name, q.value, q.reason
FROM quarantine.comments AS q JOIN monitoring.comment_batches AS b USING (batch_id)
WHERE batch_id IN ({}) ORDER BY ALL"""
LABELS = """
SELECT
    n.name_en, n.name_pt, n.name_es, count(l.comment_id) AS comments,
    count(l.comment_id) FILTER (l.decided_by = 'person') AS decided
FROM comments.categories AS n LEFT JOIN comments.current_label AS l USING (category)
GROUP BY ALL ORDER BY comments DESC, n.name_en"""


def label(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH…", help="Files and folders (CSV, JSON, NDJSON); else the drop folder."
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Label again what this labeller has not seen, of all days."),
    ] = False,
) -> None:
    """Import comments of listeners, say what they are, and publish.

    A text that this version of the labeller has seen is not asked again. What came by the API and
    waits is labelled too. Names of authors are stored nowhere.
    """
    settings = settings_or_stop()
    chosen = [path.expanduser().resolve() for path in paths or []]
    if missing := [path for path in chosen if not path.exists()]:
        stop(f"There is no {missing[0]}.", USAGE)
    with stopping("Stopped. What was labelled stays labelled; the same command goes on."):
        batch_ids, refused = run(settings, chosen, every=every)
        show(settings, batch_ids)
    for name, reason in refused:
        err.print(f"Not imported: {name}: {reason}", style="red", soft_wrap=True)
    if refused:
        raise typer.Exit(FAILED)


def run(
    settings: Settings, paths: Sequence[Path], *, every: bool = False
) -> tuple[list[str], list[tuple[str, str]]]:
    """Import and label; returns the ids of the batches, and what was refused and why.

    Raises:
        RunFailed: It did not succeed.
    """
    # Only now: Dagster takes seconds to import.
    from spotify_assets.defs import launch  # noqa: PLC0415

    launch.prepare_home(settings.dagster_home)
    with launch.instance(settings) as instance:
        outcomes: list[Outcome] = []

        def label_day(day: dt.date) -> None:
            begin(f"label {day}")
            outcomes.append(launch.label_comments(instance, settings, day, paths))
            outcomes[-1].raise_for_failure()

        today = dt.datetime.now(dt.UTC).date()
        others = set(received_days(settings.lake) if every else waiting(settings.lake)) - {today}
        with progress(len(others) + 1) as begin:
            try:
                for day in (today, *sorted(others, reverse=True)):
                    label_day(day)
            finally:
                launch.close(settings, outcomes)
        return launch.imported_comments(instance, outcomes[0].run_id)


def show(settings: Settings, batch_ids: Sequence[str]) -> None:
    """The account of batches, what of them was set aside, and what all comments are."""
    listed = ", ".join(map(literal, batch_ids)) or "NULL"
    with read_only(settings.database) as connection:
        batches = connection.execute(BATCHES.format(listed)).fetchall()
        aside = connection.execute(ASIDE.format(listed)).fetchall()
        labels = connection.execute(LABELS).fetchall()
    columns = ["from", "source", "received", "kept", "duplicate", "quarantined"]
    if batches:
        show_table("Imported", columns, batches)
    if aside:
        show_table("Set aside", ["from", "row", "column", "value", "reason"], aside[:SHOWN])
    if len(aside) > SHOWN:
        err.print(f"… and {len(aside) - SHOWN} more, in quarantine.comments.")
    names = ["category", "categoria (pt)", "categoría (es)", "comments", "decided by persons"]
    show_table("What the comments are", names, labels)
